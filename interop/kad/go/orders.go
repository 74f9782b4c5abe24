package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ipfs/boxo/ipns"
	"github.com/ipfs/boxo/path"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
)

func (n network) obey(ctx context.Context, line []byte) (any, error) {
	given := order{Count: 20}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	if given.Node < 0 || given.Node >= len(n) {
		return nil, fmt.Errorf("no node %d", given.Node)
	}
	handlers := map[string]func(*node, context.Context, order) (any, error){
		"dial": (*node).dial, "table": (*node).table,
		"provide": (*node).provide, "find": (*node).find, "records": (*node).records,
		"find_peer": (*node).findPeer, "closest": (*node).closest,
		"put": (*node).put, "get": (*node).get, "ipns_record": (*node).ipnsRecord,
		"ask_providers": (*node).askProviders, "ask_value": (*node).askValue,
	}
	handler, known := handlers[given.Do]
	if !known {
		return nil, fmt.Errorf("no order %q", given.Do)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return handler(n[given.Node], ctx, given)
}

func (n *node) dial(ctx context.Context, given order) (any, error) {
	info, err := peer.AddrInfoFromString(given.Address)
	if err != nil {
		return nil, err
	}
	return object{"peer_id": info.ID.String()}, n.host.Connect(ctx, *info)
}

func (n *node) table(context.Context, order) (any, error) {
	ids := n.dht.RoutingTable().ListPeers()
	return object{"size": len(ids), "peers": texts(ids)}, nil
}

func (n *node) provide(ctx context.Context, given order) (any, error) {
	id, err := cid.Decode(given.Cid)
	if err != nil {
		return nil, err
	}
	return object{}, n.dht.Provide(ctx, id, true)
}

// Providers that a lookup finds, at most Count.
func (n *node) find(ctx context.Context, given order) (any, error) {
	id, err := cid.Decode(given.Cid)
	if err != nil {
		return nil, err
	}
	out := []object{}
	for info := range n.dht.FindProvidersAsync(ctx, id, given.Count) {
		out = append(out, described(info))
	}
	return out, ctx.Err()
}

// What the node's own store holds for a CID, whoever brought it.
func (n *node) records(ctx context.Context, given order) (any, error) {
	id, err := cid.Decode(given.Cid)
	if err != nil {
		return nil, err
	}
	held, err := n.dht.ProviderStore().GetProviders(ctx, id.Hash())
	out := []object{}
	for _, info := range held {
		out = append(out, described(info))
	}
	return out, err
}

func (n *node) findPeer(ctx context.Context, given order) (any, error) {
	id, err := peer.Decode(given.PeerID)
	if err != nil {
		return nil, err
	}
	info, err := n.dht.FindPeer(ctx, id)
	return described(info), err
}

func (n *node) closest(ctx context.Context, given order) (any, error) {
	key, err := keyBytes(given.Key)
	if err != nil {
		return nil, err
	}
	ids, err := n.dht.GetClosestPeers(ctx, key)
	return texts(ids), err
}

func (n *node) put(ctx context.Context, given order) (any, error) {
	key, err := keyBytes(given.Key)
	if err != nil {
		return nil, err
	}
	return object{}, n.dht.PutValue(ctx, key, given.Value)
}

func (n *node) get(ctx context.Context, given order) (any, error) {
	key, err := keyBytes(given.Key)
	if err != nil {
		return nil, err
	}
	value, err := n.dht.GetValue(ctx, key)
	return object{"value": value}, err
}

// A record that names Path under this node's own ID, with the key under which it belongs.
func (n *node) ipnsRecord(_ context.Context, given order) (any, error) {
	target, err := path.NewPath(given.Path)
	if err != nil {
		return nil, err
	}
	private := n.host.Peerstore().PrivKey(n.host.ID())
	record, err := ipns.NewRecord(private, target, given.Sequence, time.Now().Add(time.Hour), time.Minute)
	if err != nil {
		return nil, err
	}
	value, err := ipns.MarshalRecord(record)
	return object{"key": "/ipns/" + n.host.ID().String(), "value": value}, err
}

// What one peer answers to GET_PROVIDERS. Address is how to reach it, unless it is connected.
func (n *node) askProviders(ctx context.Context, given order) (any, error) {
	asked, err := n.reach(ctx, given)
	if err != nil {
		return nil, err
	}
	id, err := cid.Decode(given.Cid)
	if err != nil {
		return nil, err
	}
	providers, closer, err := n.direct.GetProviders(ctx, asked, id.Hash())
	return object{"providers": all(providers), "closer": all(closer)}, err
}

// What one peer answers to GET_VALUE: "value" is null when it holds none.
func (n *node) askValue(ctx context.Context, given order) (any, error) {
	asked, err := n.reach(ctx, given)
	if err != nil {
		return nil, err
	}
	key, err := keyBytes(given.Key)
	if err != nil {
		return nil, err
	}
	record, closer, err := n.direct.GetValue(ctx, asked, key)
	return object{"value": record.GetValue(), "closer": all(closer)}, err
}

func (n *node) reach(ctx context.Context, given order) (peer.ID, error) {
	if given.Address == "" {
		return peer.Decode(given.PeerID)
	}
	info, err := peer.AddrInfoFromString(given.Address)
	if err != nil {
		return "", err
	}
	return info.ID, n.host.Connect(ctx, *info)
}

// The bytes that the DHT hashes: a namespace stays text, what it names becomes a multihash.
func keyBytes(text string) (string, error) {
	for _, namespace := range []string{"/pk/", "/ipns/"} {
		if name, found := strings.CutPrefix(text, namespace); found {
			id, err := peer.Decode(name)
			return namespace + string(id), err
		}
	}
	if id, err := peer.Decode(text); err == nil {
		return string(id), nil
	}
	if id, err := cid.Decode(text); err == nil {
		return string(id.Hash()), nil
	}
	return "", errors.New("neither a record's key nor a CID nor a peer ID: " + text)
}

func texts(ids []peer.ID) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, id.String())
	}
	return out
}

func all(infos []*peer.AddrInfo) []object {
	out := []object{}
	for _, info := range infos {
		out = append(out, described(*info))
	}
	return out
}
