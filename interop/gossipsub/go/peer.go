package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

const patience = 20 * time.Second

// A message of 1 MiB and its envelope.
const maxMessageBytes = 2 << 20

type object = map[string]any

type subscribed struct {
	topic        *pubsub.Topic
	subscription *pubsub.Subscription
}

type testPeer struct {
	host   host.Host
	router string
	pubsub *pubsub.PubSub
	topics map[string]*subscribed
	lock   sync.Mutex
	scores map[string]float64
}

func newPeer(router, version string, unsigned bool) (*testPeer, error) {
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
	out := &testPeer{host: made, router: router, topics: map[string]*subscribed{}, scores: map[string]float64{}}
	out.pubsub, err = out.newPubSub(router, version, unsigned)
	return out, err
}

func contentID(message *pb.Message) string {
	digest := sha256.Sum256(message.Data)
	return string(digest[:])
}

func (p *testPeer) newPubSub(router, version string, unsigned bool) (*pubsub.PubSub, error) {
	ctx := context.Background()
	options := []pubsub.Option{pubsub.WithMaxMessageSize(maxMessageBytes)}
	if unsigned {
		options = append(options, pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign),
			pubsub.WithNoAuthor(), pubsub.WithMessageIdFn(contentID))
	}
	if router == "floodsub" {
		return pubsub.NewFloodSub(ctx, p.host, options...)
	}
	options = append(options, pubsub.WithPeerScore(scoring(), &pubsub.PeerScoreThresholds{
		GossipThreshold: -10, PublishThreshold: -50, GraylistThreshold: -80,
	}), pubsub.WithPeerScoreInspect(p.inspect, time.Second))
	var spoken []protocol.ID
	for _, each := range pubsub.GossipSubDefaultProtocols {
		name := string(each)
		if strings.HasPrefix(name, "/meshsub/") && strings.TrimPrefix(name, "/meshsub/") <= version {
			spoken = append(spoken, each)
		}
	}
	options = append(options, pubsub.WithGossipSubProtocols(spoken, pubsub.GossipSubDefaultFeatures))
	return pubsub.NewGossipSub(ctx, p.host, options...)
}

func scoring() *pubsub.PeerScoreParams {
	return &pubsub.PeerScoreParams{
		SkipAtomicValidation:   true,
		Topics:                 map[string]*pubsub.TopicScoreParams{},
		AppSpecificScore:       func(peer.ID) float64 { return 0 },
		BehaviourPenaltyWeight: -10, BehaviourPenaltyThreshold: 0, BehaviourPenaltyDecay: 0.99,
		DecayInterval: time.Second, DecayToZero: 0.01, RetainScore: time.Hour,
	}
}

func topicScoring() *pubsub.TopicScoreParams {
	return &pubsub.TopicScoreParams{
		SkipAtomicValidation: true, TopicWeight: 1,
		TimeInMeshWeight: 0.01, TimeInMeshQuantum: time.Second, TimeInMeshCap: 100,
		FirstMessageDeliveriesWeight: 1, FirstMessageDeliveriesDecay: 0.9, FirstMessageDeliveriesCap: 20,
		InvalidMessageDeliveriesWeight: -100, InvalidMessageDeliveriesDecay: 0.99,
	}
}

func (p *testPeer) inspect(scores map[peer.ID]float64) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for id, score := range scores {
		p.scores[id.String()] = score
	}
}

func (p *testPeer) knownScores() map[string]float64 {
	p.lock.Lock()
	defer p.lock.Unlock()
	return maps.Clone(p.scores)
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
	case "scores":
		return p.knownScores(), nil
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
	if p.router == "gossipsub" {
		if err := topic.SetScoreParams(topicScoring()); err != nil {
			return nil, err
		}
	}
	subscription, err := topic.Subscribe(pubsub.WithBufferSize(4096))
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
		if message.ReceivedFrom == p.host.ID() {
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
