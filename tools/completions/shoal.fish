# Completion of shoal for fish: put it into ~/.config/fish/completions/.
# tests/completions_e2e.py compares it with `shoal --help`.

set -l commands share get ls cat stat cid id forget status ping version help

complete -c shoal -f
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a share -d 'share files in place, print a link'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a get -d 'download, verify and resume'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a ls -d 'list a folder'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a cat -d 'print a file to stdout'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a stat -d 'show type, size, blocks, and what is stored here'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a cid -d 'compute the CID that share would give'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a id -d 'show this node's id and addresses'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a forget -d 'drop files from the index, not from the disk'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a status -d 'show what is running, shared and indexed'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a ping -d 'measure round trips to a peer'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a version -d 'version, commit, compiler, libraries'
complete -c shoal -n "not __fish_seen_subcommand_from $commands" -a help -d 'flags and examples of a command'
complete -c shoal -n "__fish_seen_subcommand_from help" -a "$commands"

complete -c shoal -s h -l help -d 'flags and examples'
complete -c shoal -l version -d 'version, commit, compiler, libraries'
complete -c shoal -l home -x -a '(__fish_complete_directories)' -d 'folder of identity and index'
complete -c shoal -l listen -x -d 'where to listen'
complete -c shoal -l connect -x -d 'a peer to stay connected to'
complete -c shoal -l announce -x -d 'an address that others reach this node by'
complete -c shoal -l up -x -a '500K 5M 50M' -d 'limit in bytes a second'
complete -c shoal -l down -x -a '500K 5M 50M' -d 'limit in bytes a second'
complete -c shoal -l timeout -x -a '10s 1m 10m' -d 'give up after so long without progress'
complete -c shoal -l json -d 'one JSON object a line on stdout'
complete -c shoal -s q -l quiet -d 'warnings and errors only'
complete -c shoal -s v -l verbose -d 'say more'
complete -c shoal -l no-progress -d 'hide the progress line'
complete -c shoal -l color -x -a 'auto always never' -d 'when to use colours'

complete -c shoal -n '__fish_seen_subcommand_from share cid' -F
complete -c shoal -n '__fish_seen_subcommand_from share cid' -l exclude -x -d 'leave these out'
complete -c shoal -n '__fish_seen_subcommand_from share cid' -l hidden -d 'include hidden files'
complete -c shoal -n '__fish_seen_subcommand_from share cid' -l preserve -d 'take mode and time along'
complete -c shoal -n '__fish_seen_subcommand_from share' -l name -x -d 'the name in the link'
complete -c shoal -n '__fish_seen_subcommand_from share' -l until-sent -x -d 'stop after so many complete downloads'
complete -c shoal -n '__fish_seen_subcommand_from share' -l index-only -d 'index, print the link, exit'
complete -c shoal -n '__fish_seen_subcommand_from share' -l no-qr -d 'no QR code'
complete -c shoal -n '__fish_seen_subcommand_from forget' -F
complete -c shoal -n '__fish_seen_subcommand_from forget' -l all -d 'everything'
complete -c shoal -n '__fish_seen_subcommand_from get' -s o -l output -r -F -d 'where to'
complete -c shoal -n '__fish_seen_subcommand_from get' -l force -d 'replace an existing target'
complete -c shoal -n '__fish_seen_subcommand_from get' -l seed -d 'keep sharing afterwards'
complete -c shoal -n '__fish_seen_subcommand_from get' -l max-size -x -d 'at most so much content'
complete -c shoal -n '__fish_seen_subcommand_from get ls stat' -l max-files -x -d 'at most so many files and folders'
complete -c shoal -n '__fish_seen_subcommand_from cat' -l max-size -x -d 'a file of at most so many bytes'
complete -c shoal -n '__fish_seen_subcommand_from ls' -s R -l recursive -d 'list subfolders too'
complete -c shoal -n '__fish_seen_subcommand_from cat' -l offset -x -d 'begin at this byte'
complete -c shoal -n '__fish_seen_subcommand_from cat' -l length -x -d 'at most so many bytes'
complete -c shoal -n '__fish_seen_subcommand_from ping' -s c -l count -x -d 'how many times'
