package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	"github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-msgio"
	"github.com/multiformats/go-multihash"
)

const (
	maxMessageBytes = 4 << 20
	oldest          = bitswapName + "1.0.0" // carries blocks without the prefix of their CID
	newest          = bitswapName + "1.2.0" // the first that knows HAVE
)

func write(stream network.Stream, said message.BitSwapMessage) error {
	if stream.Protocol() == oldest {
		return said.ToNetV0(stream)
	}
	return said.ToNetV1(stream)
}

// Each message of a stream, until it ends.
func read(stream network.Stream, take func(message.BitSwapMessage)) {
	defer stream.Close()
	in := msgio.NewVarintReaderSize(stream, maxMessageBytes)
	for {
		said, _, err := message.FromMsgReader(in)
		if err != nil {
			return
		}
		take(said)
	}
}

// A server that notes what it is asked for, and answers when nothing more has come for `quiet`;
// never, if that is negative.
type wire struct {
	host    host.Host
	store   blockstore.Blockstore
	names   []protocol.ID
	quiet   time.Duration
	mutex   sync.Mutex
	open    map[cid.Cid]message.Entry
	timer   *time.Timer
	asked   int
	dropped int
	most    int
	haves   int
	spoken  map[string]bool
}

func newWire(on host.Host, store blockstore.Blockstore, given command) *wire {
	out := &wire{
		host: on, store: store, names: protocols(given.Versions),
		quiet: time.Duration(given.Millis) * time.Millisecond,
		open:  map[cid.Cid]message.Entry{}, spoken: map[string]bool{},
	}
	for _, name := range out.names {
		on.SetStreamHandler(name, func(stream network.Stream) {
			read(stream, func(said message.BitSwapMessage) { out.take(stream, said) })
		})
	}
	return out
}

func (w *wire) take(stream network.Stream, said message.BitSwapMessage) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.spoken[string(stream.Protocol())] = true
	if said.Full() {
		clear(w.open)
	}
	for _, entry := range said.Wantlist() {
		if entry.Cancel {
			w.dropped++
			delete(w.open, entry.Cid)
			continue
		}
		w.asked++
		if entry.WantType == pb.Message_Wantlist_Have {
			w.haves++
		}
		w.open[entry.Cid] = entry
	}
	w.most = max(w.most, len(w.open))
	if w.quiet < 0 {
		return
	}
	if w.timer != nil {
		w.timer.Stop()
	}
	to := stream.Conn().RemotePeer()
	w.timer = time.AfterFunc(w.quiet, func() { w.answer(to) })
}

func (w *wire) answer(to peer.ID) {
	ctx := context.Background()
	w.mutex.Lock()
	due := w.open
	w.open = map[cid.Cid]message.Entry{}
	w.mutex.Unlock()
	stream, err := w.host.NewStream(ctx, to, w.names...)
	if err != nil {
		return
	}
	defer stream.Close()
	said, size := message.New(false), 0
	for key, entry := range due {
		block, err := w.store.Get(ctx, key)
		if err != nil {
			said.AddDontHave(key)
		} else if entry.WantType == pb.Message_Wantlist_Have {
			said.AddHave(key)
		} else {
			said.AddBlock(block)
			size += len(block.RawData())
		}
		if size > maxMessageBytes/4 {
			write(stream, said)
			said, size = message.New(false), 0
		}
	}
	write(stream, said)
}

func (w *wire) seen() object {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	spoken := []string{}
	for name := range w.spoken {
		spoken = append(spoken, name)
	}
	slices.Sort(spoken)
	return object{
		"asked": w.asked, "cancelled": w.dropped, "open": len(w.open), "most_open": w.most,
		"haves": w.haves, "protocols": spoken,
	}
}

// What comes back, from all streams that the other side opens and keeps open.
type answers struct {
	reading       sync.Mutex // held by whoever wants nothing to be read
	mutex         sync.Mutex
	last          time.Time
	blocks, bytes int
	haves, lacks  int
}

func listen(on host.Host, name protocol.ID) *answers {
	out := &answers{}
	on.SetStreamHandler(name, func(stream network.Stream) { read(stream, out.take) })
	return out
}

func (a *answers) take(said message.BitSwapMessage) {
	a.reading.Lock()
	defer a.reading.Unlock()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.last = time.Now()
	for _, block := range said.Blocks() {
		a.blocks++
		a.bytes += len(block.RawData())
	}
	a.haves += len(said.Haves())
	a.lacks += len(said.DontHaves())
}

func (a *answers) reset() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.last = time.Now()
	a.blocks, a.bytes, a.haves, a.lacks = 0, 0, 0, 0
}

// Until nothing has come for a second.
func (a *answers) settled() object {
	for {
		time.Sleep(50 * time.Millisecond)
		a.mutex.Lock()
		if time.Since(a.last) > time.Second {
			defer a.mutex.Unlock()
			return object{"blocks": a.blocks, "bytes": a.bytes, "haves": a.haves, "dont_haves": a.lacks}
		}
		a.mutex.Unlock()
	}
}

func absent() cid.Cid {
	digest := make([]byte, 32)
	rand.Read(digest)
	hash, _ := multihash.Encode(digest, multihash.SHA2_256)
	return cid.NewCidV1(cid.Raw, hash)
}

// One message that wants all of `cids`, and `absent` blocks that nobody has.
func wantlist(given command) (message.BitSwapMessage, error) {
	wanted, err := parse(given.Cids)
	if err != nil {
		return nil, err
	}
	for range given.Absent {
		wanted = append(wanted, absent())
	}
	kind := pb.Message_Wantlist_Block
	if given.Have {
		kind = pb.Message_Wantlist_Have
	}
	said := message.New(true)
	for index, key := range wanted {
		said.AddEntry(key, int32(len(wanted)-index), kind, given.Protocol == newest)
	}
	return said, nil
}

// The one who hears what comes by this protocol.
func (e *exchange) hearer(on host.Host, name string) *answers {
	if e.heard[name] == nil {
		e.heard[name] = listen(on, protocol.ID(name))
	}
	e.heard[name].reset()
	return e.heard[name]
}

// Who listens, what is to be said, and the stream to say it on.
func (e *exchange) begin(ctx context.Context, from host.Host, to peer.ID, given command) (*answers, message.BitSwapMessage, network.Stream, error) {
	heard := e.hearer(from, given.Protocol)
	said, err := wantlist(given)
	if err != nil {
		return nil, nil, nil, err
	}
	stream, err := from.NewStream(ctx, to, protocol.ID(given.Protocol))
	return heard, said, stream, err
}

func (e *exchange) wants(ctx context.Context, from host.Host, to peer.ID, given command) (any, error) {
	heard, said, stream, err := e.begin(ctx, from, to, given)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if err := write(stream, said); err != nil {
		return nil, err
	}
	return heard.settled(), nil
}

// Wants all, reads nothing, cancels all, and only then looks what has come.
func (e *exchange) cancelled(ctx context.Context, from host.Host, to peer.ID, given command) (any, error) {
	heard, said, stream, err := e.begin(ctx, from, to, given)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	heard.reading.Lock()
	defer heard.reset()
	if err := write(stream, said); err != nil {
		heard.reading.Unlock()
		return nil, err
	}
	time.Sleep(time.Second) // until the other side has filled the line
	withdrawn := message.New(false)
	for _, entry := range said.Wantlist() {
		withdrawn.Cancel(entry.Cid)
	}
	err = write(stream, withdrawn)
	time.Sleep(time.Second)
	heard.reset()
	heard.reading.Unlock()
	if err != nil {
		return nil, fmt.Errorf("cancelling: %w", err)
	}
	return heard.settled(), nil
}
