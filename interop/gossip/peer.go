package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

const patience = 20 * time.Second

type object = map[string]any

type subscribed struct {
	topic        *pubsub.Topic
	subscription *pubsub.Subscription
}

type testPeer struct {
	host   host.Host
	pubsub *pubsub.PubSub
	topics map[string]*subscribed
}

func newPeer(router, version string) (*testPeer, error) {
	made, err := libp2p.New(
		libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
		libp2p.UserAgent("interop-gossip"),
	)
	if err != nil {
		return nil, err
	}
	node, err := newPubSub(made, router, version)
	if err != nil {
		return nil, err
	}
	return &testPeer{host: made, pubsub: node, topics: map[string]*subscribed{}}, nil
}

func newPubSub(made host.Host, router, version string) (*pubsub.PubSub, error) {
	ctx := context.Background()
	if router == "floodsub" {
		return pubsub.NewFloodSub(ctx, made)
	}
	var spoken []protocol.ID
	for _, each := range pubsub.GossipSubDefaultProtocols {
		name := string(each)
		if strings.HasPrefix(name, "/meshsub/") && strings.TrimPrefix(name, "/meshsub/") <= version {
			spoken = append(spoken, each)
		}
	}
	return pubsub.NewGossipSub(ctx, made, pubsub.WithGossipSubProtocols(spoken, pubsub.GossipSubDefaultFeatures))
}

func (p *testPeer) listening() object {
	var addresses []string
	for _, address := range p.host.Addrs() {
		addresses = append(addresses, address.String()+"/p2p/"+p.host.ID().String())
	}
	return object{"peer_id": p.host.ID().String(), "addresses": addresses}
}

func (p *testPeer) obey(given command) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch given.Do {
	case "dial":
		info, err := peer.AddrInfoFromString(given.Address)
		if err != nil {
			return nil, err
		}
		return object{}, p.host.Connect(ctx, *info)
	case "subscribe":
		return p.subscribe(given.Topic)
	case "peers":
		return p.pubsub.ListPeers(given.Topic), nil
	}
	one, known := p.topics[given.Topic]
	if !known {
		return nil, fmt.Errorf("not subscribed to %q", given.Topic)
	}
	switch given.Do {
	case "leave":
		one.subscription.Cancel()
		delete(p.topics, given.Topic)
		return object{}, one.topic.Close()
	case "publish":
		text := given.Text
		if given.Bytes > 0 {
			text = strings.Repeat("x", given.Bytes)
		}
		return object{}, one.topic.Publish(ctx, []byte(text))
	case "messages":
		return p.messages(ctx, one, given.Count)
	}
	return nil, errors.New("no command " + given.Do)
}

func (p *testPeer) subscribe(name string) (any, error) {
	topic, err := p.pubsub.Join(name)
	if err != nil {
		return nil, err
	}
	subscription, err := topic.Subscribe()
	if err != nil {
		return nil, err
	}
	p.topics[name] = &subscribed{topic, subscription}
	return object{}, nil
}

// messages leaves out those that this peer has published itself.
func (p *testPeer) messages(ctx context.Context, one *subscribed, count int) (any, error) {
	out := []object{}
	for len(out) < count {
		message, err := one.subscription.Next(ctx)
		if err != nil {
			return nil, err
		}
		if message.GetFrom() == p.host.ID() {
			continue
		}
		out = append(out, object{"from": message.GetFrom().String(), "bytes": len(message.Data), "text": summary(message.Data)})
	}
	return out, nil
}

func summary(data []byte) string {
	if len(data) > 100 {
		return string(data[:100])
	}
	return string(data)
}
