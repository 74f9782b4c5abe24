package main

import (
	"context"
	"errors"
	"io"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	"github.com/ipfs/boxo/blockservice"
	"github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/boxo/ipld/merkledag"
	uio "github.com/ipfs/boxo/ipld/unixfs/io"
	"github.com/ipfs/go-cid"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/sync"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const bitswapName = "/ipfs/bitswap/"

// Bitswap in one of two makes: boxo's own client and server (`engine`), or messages put together
// here (`wire`), for what a well-behaved client does not do.
type exchange struct {
	store  blockstore.Blockstore
	engine *bitswap.Bitswap
	wire   *wire
	heard  map[string]*answers
}

func protocols(versions []string) []protocol.ID {
	var out []protocol.ID
	for _, version := range versions {
		out = append(out, protocol.ID(bitswapName+version))
	}
	return out
}

func (p *testPeer) obeyBitswap(ctx context.Context, given command, id peer.ID) (any, error) {
	if p.bitswap == nil {
		p.bitswap = &exchange{
			store: blockstore.NewBlockstore(sync.MutexWrap(datastore.NewMapDatastore())),
			heard: map[string]*answers{},
		}
	}
	exchange := p.bitswap
	switch given.Do {
	case "bitswap":
		exchange.startEngine(p.host, given.Versions)
		return object{}, nil
	case "fetch":
		return exchange.fetch(ctx, p.host, id, given.Cid, given.Path)
	case "fetch_blocks":
		return exchange.fetchBlocks(ctx, given.Cids)
	case "wire":
		exchange.stopEngine(p.host)
		exchange.wire = newWire(p.host, exchange.store, given)
		return object{}, nil
	case "seen":
		return exchange.wire.seen(), nil
	case "wants":
		return exchange.wants(ctx, p.host, id, given)
	case "cancel":
		return exchange.cancelled(ctx, p.host, id, given)
	}
	return nil, errors.New("no command " + given.Do)
}

func (e *exchange) startEngine(on host.Host, versions []string) {
	network := bsnet.NewFromIpfsHost(on, bsnet.SupportedProtocols(protocols(versions)))
	e.engine = bitswap.New(context.Background(), network, nil, e.store)
	network.Start(e.engine)
}

func (e *exchange) stopEngine(on host.Host) {
	if e.engine != nil {
		e.engine.Close()
		e.engine = nil
		for _, name := range on.Mux().Protocols() {
			if strings.HasPrefix(string(name), "/ipfs/bitswap") {
				on.RemoveStreamHandler(name)
			}
		}
	}
}

// The whole graph into the store, then the file in it to `path`, unless that is empty.
func (e *exchange) fetch(ctx context.Context, on host.Host, from peer.ID, text, path string) (any, error) {
	root, err := cid.Decode(text)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	graph := merkledag.NewDAGService(blockservice.New(e.store, e.engine))
	if err := merkledag.FetchGraph(ctx, root, graph); err != nil {
		return nil, err
	}
	spoken := bitswapStreams(on, from)
	if path == "" {
		return object{"seconds": time.Since(start).Seconds(), "protocols": spoken}, nil
	}
	node, err := graph.Get(ctx, root)
	if err != nil {
		return nil, err
	}
	reader, err := uio.NewDagReader(ctx, node, graph)
	if err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, err := io.Copy(file, reader)
	return object{"bytes": size, "seconds": time.Since(start).Seconds(), "protocols": spoken}, err
}

// Which Bitswap the two agreed on, by the streams that are open.
func bitswapStreams(on host.Host, to peer.ID) []string {
	names := map[string]bool{}
	for _, conn := range on.Network().ConnsToPeer(to) {
		for _, stream := range conn.GetStreams() {
			name := string(stream.Protocol())
			if len(name) > len(bitswapName) && name[:len(bitswapName)] == bitswapName {
				names[name] = true
			}
		}
	}
	out := []string{}
	for name := range names {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// All in one request of the client.
func (e *exchange) fetchBlocks(ctx context.Context, texts []string) (any, error) {
	wanted, err := parse(texts)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	blocks, err := e.engine.NewSession(ctx).GetBlocks(ctx, wanted)
	if err != nil {
		return nil, err
	}
	count := 0
	for block := range blocks {
		if err := e.store.Put(ctx, block); err != nil {
			return nil, err
		}
		count++
	}
	return object{"blocks": count, "seconds": time.Since(start).Seconds()}, nil
}

func parse(texts []string) ([]cid.Cid, error) {
	var out []cid.Cid
	for _, text := range texts {
		one, err := cid.Decode(text)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}
