package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/pnet"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/host/observedaddrs"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/p2p/transport/websocket"
)

const patience = 60 * time.Second

type object = map[string]any

type testPeer struct {
	host       host.Host
	echo       echoServer
	bitswap    *exchange
	mutex      sync.Mutex
	identified map[peer.ID]event.EvtPeerIdentificationCompleted
}

// transportOptions are those for "quic", which secures and multiplexes by itself, for WebSocket ("ws"; in
// TLS "wss") with Noise, or for TCP with "noise", "tls" or "both".
func transportOptions(security, listen string) ([]libp2p.Option, error) {
	if security == "quic" {
		return []libp2p.Option{
			libp2p.ListenAddrStrings("/ip4/127.0.0.1/udp/0/quic-v1"),
			libp2p.Transport(libp2pquic.NewTransport),
		}, nil
	}
	if security == "ws" || security == "wss" {
		listen := map[string]string{"ws": "/ip4/127.0.0.1/tcp/0/ws", "wss": "/ip4/127.0.0.1/tcp/0/tls/ws"}[security]
		certificate, trust, err := webTLS()
		if err != nil {
			return nil, err
		}
		return []libp2p.Option{
			libp2p.ListenAddrStrings(listen),
			libp2p.Transport(websocket.New, websocket.WithTLSConfig(certificate), websocket.WithTLSClientConfig(trust)),
			libp2p.Security(noise.ID, noise.New),
			libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		}, nil
	}
	options, err := securityOptions(security)
	return append(options,
		libp2p.ListenAddrStrings(listen),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
	), err
}

func securityOptions(security string) ([]libp2p.Option, error) {
	byNoise := libp2p.Security(noise.ID, noise.New)
	byTLS := libp2p.Security(tls.ID, tls.New)
	switch security {
	case "noise":
		return []libp2p.Option{byNoise}, nil
	case "tls":
		return []libp2p.Option{byTLS}, nil
	case "both":
		return []libp2p.Option{byTLS, byNoise}, nil
	}
	return nil, fmt.Errorf("no security protocol %q", security)
}

// networkOptions are none for an empty path.
func networkOptions(path string) ([]libp2p.Option, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	key, err := pnet.DecodeV1PSK(file)
	if err != nil {
		return nil, err
	}
	return []libp2p.Option{libp2p.PrivateNetwork(key)}, nil
}

// relayOptions are those of a peer that is reached through a relay only, or is one.
func relayOptions(address string, serves bool) ([]libp2p.Option, error) {
	if serves {
		return []libp2p.Option{
			libp2p.EnableRelay(), libp2p.EnableRelayService(), libp2p.ForceReachabilityPublic(),
		}, nil
	}
	if address == "" {
		return []libp2p.Option{libp2p.DisableRelay()}, nil
	}
	relay, err := peer.AddrInfoFromString(address)
	if err != nil {
		return nil, err
	}
	// One relay has to do to learn where it is seen.
	observedaddrs.ActivationThresh = 1
	return []libp2p.Option{
		libp2p.EnableRelay(),
		libp2p.EnableHolePunching(),
		libp2p.ForceReachabilityPrivate(),
		libp2p.EnableAutoRelayWithStaticRelays([]peer.AddrInfo{*relay}),
	}, nil
}

func newPeer(keyType, security, networkKey, listen, relay string, serves bool) (*testPeer, error) {
	kinds := map[string]int{"ed25519": crypto.Ed25519, "secp256k1": crypto.Secp256k1, "ecdsa": crypto.ECDSA, "rsa": crypto.RSA}
	kind, known := kinds[keyType]
	if !known {
		return nil, fmt.Errorf("no key type %q", keyType)
	}
	key, _, err := crypto.GenerateKeyPair(kind, 2048)
	if err != nil {
		return nil, err
	}
	options, err := transportOptions(security, listen)
	if err != nil {
		return nil, err
	}
	private, err := networkOptions(networkKey)
	if err != nil {
		return nil, err
	}
	relayed, err := relayOptions(relay, serves)
	if err != nil {
		return nil, err
	}
	made, err := libp2p.New(append(append(append(options, private...), relayed...),
		libp2p.Identity(key),
		libp2p.DisableMetrics(),
		libp2p.UserAgent("interop-go"),
	)...)
	if err != nil {
		return nil, err
	}
	out := &testPeer{host: made, identified: map[peer.ID]event.EvtPeerIdentificationCompleted{}}
	made.SetStreamHandler(echoProtocol, out.echo.serve)
	events, err := made.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return nil, err
	}
	go func() {
		for any := range events.Out() {
			one := any.(event.EvtPeerIdentificationCompleted)
			out.mutex.Lock()
			out.identified[one.Peer] = one
			out.mutex.Unlock()
		}
	}()
	return out, nil
}

func (p *testPeer) listening() object {
	return object{"peer_id": p.host.ID().String(), "addresses": p.addresses()}
}

func (p *testPeer) addresses() []string {
	var out []string
	for _, address := range p.host.Addrs() {
		out = append(out, address.String()+"/p2p/"+p.host.ID().String())
	}
	return out
}

func (p *testPeer) obey(given command) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*patience)
	defer cancel()
	if given.Do == "dial" {
		return p.dial(ctx, given.Address)
	}
	if given.Do == "addresses" {
		return p.addresses(), nil
	}
	if given.Do == "connections" {
		return p.connections(), nil
	}
	if given.Do == "serve" {
		p.host.SetStreamHandler(protocol.ID(given.Protocol), func(s network.Stream) {
			io.Copy(io.Discard, s)
			s.Close()
		})
		return object{}, nil
	}
	if given.Do == "served" {
		return p.echo.count(), nil
	}
	var id peer.ID
	if given.PeerID != "" {
		decoded, err := peer.Decode(given.PeerID)
		if err != nil {
			return nil, err
		}
		id = decoded
	}
	switch given.Do {
	case "identify":
		return p.identify(id)
	case "ping":
		return p.ping(ctx, id, given.Count)
	case "echo":
		return echo(ctx, p.host, id, given.Streams, given.Bytes)
	case "reset":
		return reset(ctx, p.host, id, given.Count)
	case "hang_up":
		return object{}, p.host.Network().ClosePeer(id)
	}
	return p.obeyBitswap(ctx, given, id)
}

func (p *testPeer) dial(ctx context.Context, address string) (any, error) {
	info, err := peer.AddrInfoFromString(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := p.host.Connect(ctx, *info); err != nil {
		return nil, err
	}
	return describe(p.host.Network().ConnsToPeer(info.ID)[0]), nil
}

func (p *testPeer) connections() []object {
	out := []object{}
	for _, conn := range p.host.Network().Conns() {
		out = append(out, describe(conn))
	}
	return out
}

func describe(conn network.Conn) object {
	state := conn.ConnState()
	return object{
		"peer_id":     conn.RemotePeer().String(),
		"direction":   strings.ToLower(conn.Stat().Direction.String()),
		"security":    string(state.Security),
		"muxer":       string(state.StreamMultiplexer),
		"early_muxer": state.UsedEarlyMuxerNegotiation,
		"remote":      conn.RemoteMultiaddr().String(),
		"key_type":    strings.ToLower(conn.RemotePublicKey().Type().String()),
	}
}

func (p *testPeer) identify(id peer.ID) (any, error) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		p.mutex.Lock()
		known, found := p.identified[id]
		p.mutex.Unlock()
		if !found {
			continue
		}
		listening := []string{}
		for _, address := range known.ListenAddrs {
			listening = append(listening, address.String())
		}
		return object{
			"agent":     known.AgentVersion,
			"version":   known.ProtocolVersion,
			"protocols": known.Protocols,
			"addresses": listening,
			"observed":  fmt.Sprint(known.ObservedAddr),
			"signed":    known.SignedPeerRecord != nil,
		}, nil
	}
	return nil, errors.New("not identified")
}

func (p *testPeer) ping(ctx context.Context, id peer.ID, count int) (any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := ping.Ping(ctx, p.host, id)
	out := []float64{}
	for range count {
		answer := <-answers
		if answer.Error != nil {
			return nil, answer.Error
		}
		out = append(out, float64(answer.RTT.Microseconds())/1000)
	}
	return out, nil
}
