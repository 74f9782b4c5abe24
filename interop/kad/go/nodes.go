package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	dhtpb "github.com/libp2p/go-libp2p-kad-dht/pb"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

type options struct {
	protocol  string
	client    bool
	keyType   string
	bootstrap []string
}

type node struct {
	host host.Host
	dht  *dht.IpfsDHT
	// Speaks to one peer of one's choice, without a lookup.
	direct *dhtpb.ProtocolMessenger
}

type network []*node

// Each node bootstraps from the given addresses; without any, from the first node.
func startNodes(ctx context.Context, count int, given options) (network, error) {
	bootstrap, err := addressInfos(given.bootstrap)
	if err != nil {
		return nil, err
	}
	var out network
	for range count {
		made, err := startNode(ctx, given, bootstrap)
		if err != nil {
			return nil, err
		}
		out = append(out, made)
		if len(bootstrap) == 0 {
			bootstrap = []peer.AddrInfo{{ID: made.host.ID(), Addrs: made.host.Addrs()}}
		}
	}
	return out, nil
}

func addressInfos(addresses []string) ([]peer.AddrInfo, error) {
	var out []peer.AddrInfo
	for _, address := range addresses {
		info, err := peer.AddrInfoFromString(address)
		if err != nil {
			return nil, err
		}
		out = append(out, *info)
	}
	return out, nil
}

func startNode(ctx context.Context, given options, bootstrap []peer.AddrInfo) (*node, error) {
	made, err := startHost(given.keyType)
	if err != nil {
		return nil, err
	}
	mode := dht.ModeServer
	if given.client {
		mode = dht.ModeClient
	}
	// The filters of the LAN DHT, but loopback addresses stay.
	kad, err := dht.New(ctx, made,
		dht.Mode(mode),
		dht.V1ProtocolOverride(protocol.ID(given.protocol)),
		dht.BootstrapPeers(bootstrap...),
		dht.AddressFilter(nil),
		dht.QueryFilter(dht.PrivateQueryFilter),
		dht.RoutingTableFilter(dht.PrivateRoutingTableFilter),
	)
	if err != nil {
		return nil, err
	}
	direct, err := dhtpb.NewProtocolMessenger(kad.MessageSender())
	if err != nil {
		return nil, err
	}
	for _, info := range bootstrap {
		if err := made.Connect(ctx, info); err != nil {
			return nil, fmt.Errorf("bootstrap from %s: %w", info, err)
		}
	}
	return &node{made, kad, direct}, kad.Bootstrap(ctx)
}

func startHost(keyType string) (host.Host, error) {
	key, err := newKey(keyType)
	if err != nil {
		return nil, err
	}
	return libp2p.New(
		libp2p.Identity(key),
		libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
		libp2p.UserAgent("interop-kad-go"),
	)
}

func newKey(keyType string) (crypto.PrivKey, error) {
	kinds := map[string]int{"ed25519": crypto.Ed25519, "secp256k1": crypto.Secp256k1, "ecdsa": crypto.ECDSA, "rsa": crypto.RSA}
	kind, known := kinds[keyType]
	if !known {
		return nil, fmt.Errorf("no key type %q", keyType)
	}
	key, _, err := crypto.GenerateKeyPairWithReader(kind, 2048, rand.Reader)
	return key, err
}

func (n network) described() object {
	var out []object
	for _, each := range n {
		key, _ := crypto.MarshalPublicKey(each.host.Peerstore().PubKey(each.host.ID()))
		one := each.self()
		one["public_key"] = key
		out = append(out, one)
	}
	return object{"nodes": out, "peer_id": out[0]["peer_id"], "addresses": out[0]["addresses"]}
}

func (n *node) self() object {
	return described(peer.AddrInfo{ID: n.host.ID(), Addrs: n.host.Addrs()})
}

// A peer and its addresses, each of which ends in /p2p/ID.
func described(info peer.AddrInfo) object {
	addresses := []string{}
	for _, address := range info.Addrs {
		addresses = append(addresses, address.String()+"/p2p/"+info.ID.String())
	}
	return object{"peer_id": info.ID.String(), "addresses": addresses}
}
