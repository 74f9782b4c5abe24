// A libp2p peer that does what it is told: one JSON object a line on stdin, one answer a line on
// stdout, each {"ok": ...} or {"error": "..."}. It listens on loopback, speaks TCP, WebSocket or QUIC, Noise or
// TLS, and yamux, and ends with its stdin.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

type command struct {
	Do       string
	Address  string
	PeerID   string `json:"peer_id"`
	Protocol string
	Streams  int
	Bytes    int64
	Count    int
	Cid      string
	Cids     []string
	Absent   int
	Have     bool
	Path     string
	Millis   int
	Versions []string
}

func main() {
	keyType := flag.String("key", "ed25519", "ed25519, secp256k1, ecdsa or rsa")
	security := flag.String("security", "noise", "noise, tls, both, quic or ws")
	networkKey := flag.String("network-key", "", "the key file of a private network")
	listen := flag.String("listen", "/ip4/127.0.0.1/tcp/0", "where it listens")
	relay := flag.String("relay", "", "behind a NAT, reached through this relay, and punching holes")
	serve := flag.Bool("serve-relay", false, "is a relay for others")
	flag.Parse()
	peer, err := newPeer(*keyType, *security, *networkKey, *listen, *relay, *serve)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer peer.host.Close()
	out := json.NewEncoder(os.Stdout)
	out.Encode(map[string]any{"ok": peer.listening()})
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var given command
		if err := json.Unmarshal(in.Bytes(), &given); err != nil {
			out.Encode(map[string]any{"error": err.Error()})
			continue
		}
		if answer, err := peer.obey(given); err != nil {
			out.Encode(map[string]any{"error": err.Error()})
		} else {
			out.Encode(map[string]any{"ok": answer})
		}
	}
}
