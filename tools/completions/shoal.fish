# Completion of shoal for fish: put it into ~/.config/fish/completions/.
# tests/completions_e2e.py compares it with `shoal --help`.

set -l commands share get ls cat stat cid id forget status ping version help

complete -c shoal -f
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a share -d 'serve files from where they lie, print a link'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a get -d 'fetch, verify, resume what a link names'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a ls -d 'what is in a folder'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a cat -d 'one file to stdout'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a stat -d 'type, size, blocks, held here or not'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a cid -d 'the CID that share would give; keeps nothing'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a id -d 'peer id, addresses, agent, protocols'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a forget -d 'take files out of the index, not off the disk'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a status -d 'what runs here, what it serves, what is remembered'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a ping -d 'round trips, loss and path to a peer'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a version -d 'version, commit, compiler, libraries'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a help -d 'flags and examples of a command'
complete -c shoal -n "__fish_seen_subcommand_from help" -a "$commands"

complete -c shoal -s h -l help -d 'flags and examples'
complete -c shoal -l version -d 'version, commit, compiler, libraries'
complete -c shoal -l home -x -a '(__fish_complete_directories)' -d 'folder of identity and index'
complete -c shoal -l listen -x -d 'where to listen'
complete -c shoal -l connect -x -d 'a peer to stay connected to'
complete -c shoal -l announce -x -d 'an address that others reach this node by'
complete -c shoal -l no-lan -d 'not found on the local network'
complete -c shoal -l public -d 'announced to the public network'
complete -c shoal -l up -x -a '500K 5M 50M' -d 'limit in bytes a second'
complete -c shoal -l down -x -a '500K 5M 50M' -d 'limit in bytes a second'
complete -c shoal -l timeout -x -a '10s 1m 10m' -d 'give up after so long without progress'
complete -c shoal -l json -d 'one JSON object a line on stdout'
complete -c shoal -s q -l quiet -d 'say less'
complete -c shoal -s v -l verbose -d 'say more'
complete -c shoal -l no-progress -d 'no progress line'
complete -c shoal -l color -x -a 'auto always never' -d 'when to use colours'

complete -c shoal -n '__fish_seen_subcommand_from share cid' -F
complete -c shoal -n '__fish_seen_subcommand_from share cid' -l exclude -x -d 'leave these out'
complete -c shoal -n '__fish_seen_subcommand_from share cid' -l hidden -d 'include hidden files'
complete -c shoal -n '__fish_seen_subcommand_from share cid' -l preserve -d 'take mode and time along'
complete -c shoal -n '__fish_seen_subcommand_from share' -l name -x -d 'the name in the link'
complete -c shoal -n '__fish_seen_subcommand_from share' -l until-sent -x -d 'stop after so many complete downloads'
complete -c shoal -n '__fish_seen_subcommand_from share' -l index-only -d 'index, print, stop'
complete -c shoal -n '__fish_seen_subcommand_from share' -l no-qr -d 'no QR code'
complete -c shoal -n '__fish_seen_subcommand_from forget' -F
complete -c shoal -n '__fish_seen_subcommand_from forget' -l all -d 'everything'
complete -c shoal -n '__fish_seen_subcommand_from get' -s o -l output -r -F -d 'where to'
complete -c shoal -n '__fish_seen_subcommand_from get' -l force -d 'replace a target that differs'
complete -c shoal -n '__fish_seen_subcommand_from get' -l seed -d 'go on serving afterwards'
complete -c shoal -n '__fish_seen_subcommand_from ls' -s R -l recursive -d 'folders inside as well'
complete -c shoal -n '__fish_seen_subcommand_from cat' -l offset -x -d 'begin at this byte'
complete -c shoal -n '__fish_seen_subcommand_from cat' -l length -x -d 'at most so many bytes'
complete -c shoal -n '__fish_seen_subcommand_from ping' -s c -l count -x -d 'how many times'
