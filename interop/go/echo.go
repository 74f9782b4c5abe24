package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	echoProtocol = "/echo/1.0.0"
	chunkBytes   = 64 * 1024
)

type echoServer struct{ whole, broken, bytes atomic.Int64 }

// Sends back what comes until the other side ends its half, then ends ours.
func (e *echoServer) serve(stream network.Stream) {
	done, err := io.Copy(stream, stream)
	e.bytes.Add(done)
	if err != nil {
		e.broken.Add(1)
		stream.Reset()
		return
	}
	stream.Close()
	e.whole.Add(1)
}

func (e *echoServer) count() object {
	return object{"whole": e.whole.Load(), "broken": e.broken.Load(), "bytes": e.bytes.Load()}
}

// What stream `number` carries: reproducible, and different for each.
type pattern struct {
	random *rand.ChaCha8
	left   int64
}

func newPattern(number int, size int64) *pattern {
	return &pattern{rand.NewChaCha8([32]byte{byte(number), byte(number >> 8)}), size}
}

func (p *pattern) next(into []byte) []byte {
	into = into[:min(int64(len(into)), p.left)]
	p.left -= int64(len(into))
	p.random.Read(into)
	return into
}

func echo(ctx context.Context, from host.Host, to peer.ID, streams int, size int64) (any, error) {
	start := time.Now()
	// All are open before the first byte goes.
	var opened []network.Stream
	for range streams {
		stream, err := from.NewStream(ctx, to, echoProtocol)
		if err != nil {
			return nil, fmt.Errorf("opening stream %d: %w", len(opened), err)
		}
		opened = append(opened, stream)
	}
	results := make(chan error)
	for number, stream := range opened {
		stream.SetDeadline(start.Add(5 * patience))
		go func() { results <- exchangeOne(stream, number, size) }()
	}
	var all error
	for range opened {
		all = errors.Join(all, <-results)
	}
	return object{"seconds": time.Since(start).Seconds()}, all
}

func exchangeOne(stream network.Stream, number int, size int64) error {
	defer stream.Reset()
	sent := make(chan error, 1)
	go func() {
		source := newPattern(number, size)
		buffer := make([]byte, chunkBytes)
		for source.left > 0 {
			if _, err := stream.Write(source.next(buffer)); err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseWrite()
	}()
	expected := newPattern(number, size)
	have, want := make([]byte, chunkBytes), make([]byte, chunkBytes)
	for expected.left > 0 {
		piece := expected.next(want)
		if _, err := io.ReadFull(stream, have[:len(piece)]); err != nil {
			return fmt.Errorf("stream %d with %d bytes to come: %w", number, expected.left+int64(len(piece)), err)
		}
		if !bytes.Equal(have[:len(piece)], piece) {
			return fmt.Errorf("stream %d brings other bytes back", number)
		}
	}
	if got, err := stream.Read(have); got != 0 || err != io.EOF {
		return fmt.Errorf("stream %d does not end: %d bytes, %v", number, got, err)
	}
	return <-sent
}

// Breaks `count` streams off in the middle; the connection must outlive that.
func reset(ctx context.Context, from host.Host, to peer.ID, count int) (any, error) {
	for range count {
		stream, err := from.NewStream(ctx, to, echoProtocol)
		if err != nil {
			return nil, err
		}
		if _, err := stream.Write(make([]byte, chunkBytes)); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(stream, make([]byte, 100)); err != nil {
			return nil, err
		}
		stream.Reset()
	}
	return echo(ctx, from, to, 1, 1000)
}
