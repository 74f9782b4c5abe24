// A go-libp2p-pubsub peer that does what it is told: one JSON object a line on stdin, one answer a
// line on stdout, each {"ok": ...} or {"error": "..."}. It listens on loopback, speaks TCP, Noise
// and yamux, and ends with its stdin.
//
//	{"do": "dial", "address": "/ip4/127.0.0.1/tcp/4001/p2p/12D3..."}
//	{"do": "subscribe", "topic": "news"}
//	{"do": "leave", "topic": "news"}
//	{"do": "publish", "topic": "news", "text": "hello", "bytes": 0}   bytes: so many x instead
//	{"do": "messages", "topic": "news", "count": 3}   waits until so many have come since
//	{"do": "peers", "topic": "news"}
//	{"do": "scores"}   of the peers, by their ids
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

type command struct {
	Do      string
	Address string
	Topic   string
	Text    string
	Bytes   int
	Count   int
}

func main() {
	router := flag.String("router", "gossipsub", "gossipsub or floodsub")
	version := flag.String("version", "1.3.0", "the highest gossipsub version: 1.1.0, 1.2.0 or 1.3.0")
	unsigned := flag.Bool("unsigned", false, "messages name no author")
	flag.Parse()
	peer, err := newPeer(*router, *version, *unsigned)
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
