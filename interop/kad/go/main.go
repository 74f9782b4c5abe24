// Kademlia nodes of go-libp2p-kad-dht in one process, told what to do by JSON lines: one object a line
// on stdin, one answer a line on stdout, each {"ok": ...} or {"error": "..."}. They listen on loopback
// and end with stdin. The first line of stdout names the nodes.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

const patience = 60 * time.Second

type object = map[string]any

// An order to the node of that index. A key is "/pk/ID", "/ipns/ID", a CID or a peer ID; a value is base64.
type order struct {
	Do       string
	Node     int
	Address  string
	PeerID   string `json:"peer_id"`
	Cid      string
	Key      string
	Value    []byte
	Count    int
	Path     string
	Sequence uint64
}

type repeated []string

func (r *repeated) String() string       { return strings.Join(*r, " ") }
func (r *repeated) Set(one string) error { *r = append(*r, one); return nil }

func main() {
	var bootstrap repeated
	count := flag.Int("nodes", 1, "how many nodes")
	protocol := flag.String("protocol", "/ipfs/lan/kad/1.0.0", "the DHT's protocol")
	client := flag.Bool("client", false, "nodes that ask and never answer")
	keyType := flag.String("key", "ed25519", "ed25519, secp256k1, ecdsa or rsa")
	flag.Var(&bootstrap, "bootstrap", "an address that ends in /p2p/ID; repeatable")
	flag.Parse()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := json.NewEncoder(os.Stdout)
	net, err := startNodes(ctx, *count, options{*protocol, *client, *keyType, bootstrap})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out.Encode(object{"ok": net.described()})
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if answer, err := net.obey(ctx, in.Bytes()); err != nil {
			out.Encode(object{"error": err.Error()})
		} else {
			out.Encode(object{"ok": answer})
		}
	}
}
