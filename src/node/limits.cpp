#include "node/limits.h"

#include <array>

#include "content/bitswap/client.h"
#include "content/bitswap/copy_counts.h"
#include "content/bitswap/in_hand.h"
#include "content/bitswap/inbound.h"
#include "content/bitswap/outbound_stream.h"
#include "content/bitswap/peer_wants.h"
#include "content/bitswap/peer_window.h"
#include "content/bitswap/send_queue.h"
#include "content/bitswap/server.h"
#include "content/bitswap/session.h"
#include "content/bitswap/wantlist.h"
#include "content/block.h"
#include "content/import/glob.h"
#include "content/import/ignore.h"
#include "content/transfer/download.h"
#include "content/transfer/tree_walk.h"
#include "crypto/verified_signatures.h"
#include "format/cid.h"
#include "format/key_codec.h"
#include "format/multiaddr.h"
#include "format/name_check.h"
#include "format/unixfs_node.h"
#include "net/muxer/yamux/session.h"
#include "net/muxer/yamux/yamux_muxer.h"
#include "net/negotiation/line.h"
#include "net/negotiation/listener.h"
#include "net/resources/handshake_limiter.h"
#include "net/resources/inbound_rate_limiter.h"
#include "net/resources/ingress_limiter.h"
#include "net/security/noise/handshake.h"
#include "net/security/noise/payload.h"
#include "net/security/tls/web_handshake.h"
#include "net/swarm/acceptor.h"
#include "net/swarm/connection.h"
#include "net/swarm/connection_table.h"
#include "net/swarm/dialer.h"
#include "net/swarm/peer_store.h"
#include "net/transport/quic/limits.h"
#include "net/transport/websocket/handshake.h"
#include "net/transport/websocket/websocket_stream.h"
#include "node/relay_choice.h"
#include "protocol/autonat/client.h"
#include "protocol/autonat/message.h"
#include "protocol/autonat/reachability.h"
#include "protocol/autonat/server.h"
#include "protocol/dcutr/dcutr_message.h"
#include "protocol/dcutr/hole_puncher.h"
#include "protocol/dcutr/spray.h"
#include "protocol/gossipsub/gossipsub.h"
#include "protocol/identify/message.h"
#include "protocol/kad/dht.h"
#include "protocol/kad/lookup.h"
#include "protocol/kad/message.h"
#include "protocol/kad/publisher.h"
#include "protocol/pex/exchange.h"
#include "protocol/pex/message.h"
#include "protocol/pex/roster.h"
#include "protocol/portmap/pmp_client.h"
#include "protocol/portmap/pmp_message.h"
#include "protocol/portmap/port_mapper.h"
#include "protocol/portmap/upnp_client.h"
#include "protocol/portmap/upnp_message.h"
#include "protocol/relay/client.h"
#include "protocol/relay/forward.h"
#include "protocol/relay/message.h"
#include "protocol/relay/reservations.h"
#include "protocol/relay/server.h"
#include "protocol/relay/voucher.h"
#include "protocol/tunnel/flow.h"
#include "protocol/tunnel/message.h"
#include "routing/delegated_answer.h"
#include "routing/http_answer.h"
#include "routing/http_router.h"
#include "service/chat_state.h"
#include "service/content_stat.h"
#include "service/delivery.h"
#include "service/link.h"
#include "service/neighbours.h"
#include "service/topic_search.h"
#include "service/tunnel_datagrams.h"
#include "service/tunnel_exposer.h"
#include "service/tunnel_ticket.h"

namespace shoal::node {

namespace {

using content::RepeatBudget;
using content::WalkLimits;
using net::ConnectionLimits;
using net::Dialer;
using net::PeerStore;
using service::DatagramServer;
using service::Delivery;
using service::Link;
using service::TunnelExposer;
using service::TunnelTicket;
using yamux::SessionConfig;
using yamux::YamuxMuxer;
namespace bitswap = content::bitswap;

constexpr std::uint64_t seconds(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

constexpr auto kBitswapTokens = static_cast<std::uint64_t>(bitswap::PeerWants::kTokens);
constexpr auto kBitswapTokenRate = static_cast<std::uint64_t>(bitswap::PeerWants::kTokensPerSecond);
constexpr auto kWindowBlocks = static_cast<std::uint64_t>(bitswap::PeerWindow::kMaxBlocks);
constexpr auto kWindowBytes = static_cast<std::uint64_t>(bitswap::PeerWindow::kMaxBytes);

// A line for each. clang-format would give it three.
// clang-format off
const auto kLimits = std::to_array<Limit>({
    {"swarm.connections", ConnectionLimits{}.connections, "connections", "connections of the node"},
    {"swarm.inbound_connections", ConnectionLimits{}.inbound_connections, "connections", "inbound connections"},
    {"swarm.inbound_connections_per_prefix", ConnectionLimits{}.inbound_connections_per_prefix, "connections", "those of them from one IPv4 address or one /64 of IPv6"},
    {"swarm.connections_per_peer", ConnectionLimits{}.connections_per_peer, "connections", "connections to one peer"},
    {"swarm.high_mark", net::ConnectionMarks{}.high, "connections", "connections beyond which the least useful ones are closed"},
    {"swarm.low_mark", net::ConnectionMarks{}.low, "connections", "connections that are left then"},
    {"swarm.grace_period", seconds(net::ConnectionMarks{}.grace), "s", "time for which a new connection is not closed for that, unless there are many more"},
    {"swarm.idle_timeout", seconds(net::ConnectionMarks{}.idle_timeout), "s", "time after which a connection without streams that nothing here wants is closed"},
    {"swarm.tagged_peers", net::ConnectionManager::kMaxPeers, "peers", "peers whose connections are tagged or protected"},
    {"swarm.verified_signatures", 2 * crypto::VerifiedSignatures::kMaxInGeneration, "signatures", "signatures that are known to be valid and not checked again"},
    {"swarm.tags_per_peer", net::ConnectionManager::kMaxNamesPerPeer, "tags", "tags of one peer, and reasons to protect it"},
    {"swarm.tag_bytes", net::ConnectionManager::kMaxNameBytes, "bytes", "the name of a tag"},
    {"swarm.handshakes", ConnectionLimits{}.handshakes, "connections", "connections still in their handshake"},
    {"swarm.handshakes_per_address", ConnectionLimits{}.handshakes_per_address, "connections", "those of them from one address"},
    {"swarm.handshakes_begun", static_cast<std::uint64_t>(net::HandshakeLimiter::kBurst), "handshakes", "inbound handshakes, burst"},
    {"swarm.handshakes_begun_rate", static_cast<std::uint64_t>(net::HandshakeLimiter::kPerSecond), "handshakes/s", "and how fast they may go on"},
    {"swarm.handshake_timeout", seconds(ConnectionLimits{}.handshake_timeout), "s", "time for a handshake"},
    {"swarm.handshakes_few", net::Acceptor::kFewHandshakes, "connections", "handshakes of one address that are waited for, when all are taken, before the oldest is ended"},
    {"swarm.handshakes_young", seconds(net::Acceptor::kYoungHandshake), "s", "how old those may be"},
    {"swarm.buffered_bytes", ConnectionLimits{}.buffered_bytes, "bytes", "unread bytes of all connections; beyond it, the connection that holds most is closed"},
    {"swarm.served_streams", net::Connection::kMaxServedStreams, "streams", "streams of all peers that are served at once"},
    {"swarm.served_streams_each", net::Connection::kMinServedStreams, "streams", "what a connection may have served even then"},
    {"swarm.unsolicited_bytes", static_cast<std::uint64_t>(net::IngressLimiter::kBurstBytes), "bytes", "what all peers may say at once that nobody asked of them, before they are read more slowly"},
    {"swarm.unsolicited_rate", static_cast<std::uint64_t>(net::IngressLimiter::kBytesPerSecond), "bytes/s", "and how fast they may go on"},
    {"swarm.unsolicited_free_bytes", static_cast<std::uint64_t>(net::IngressLimiter::kFreeBytes), "bytes", "what each peer may say beside that"},
    {"swarm.unsolicited_free_rate", static_cast<std::uint64_t>(net::IngressLimiter::kFreeBytesPerSecond), "bytes/s", "and how fast it may go on"},
    {"swarm.bad_streams", static_cast<std::uint64_t>(net::Connection::kMaxBadStreams), "streams", "streams of a peer that broke a rule, before its connection ends; one is forgotten each 10 s"},
    {"swarm.attempts", static_cast<std::uint64_t>(net::InboundRateLimiter::kBurst), "connections", "connections that one IP prefix may make at once"},
    {"swarm.attempts_rate", static_cast<std::uint64_t>(net::InboundRateLimiter::kPerSecond), "connections/s", "and how fast it may go on"},
    {"swarm.prefixes", net::InboundRateLimiter::kMaxPrefixes, "prefixes", "IP prefixes that are remembered for that"},
    {"dialer.addresses", Dialer::kMaxAddresses, "addresses", "addresses of one peer that are tried"},
    {"dialer.attempts_at_once", Dialer::kMaxAttemptsAtOnce, "attempts", "dials under way at a time, to one peer"},
    {"dialer.names", Dialer::kMaxNames, "names", "DNS names of one peer that are looked up"},
    {"dialer.attempts", net::DialLimiter::kMaxAtOnce, "attempts", "dials under way at a time, to all peers"},
    {"dialer.attempts_begun", static_cast<std::uint64_t>(net::DialLimiter::kBurst), "attempts", "dials that start at once, before further ones wait"},
    {"dialer.attempts_rate", static_cast<std::uint64_t>(net::DialLimiter::kPerSecond), "attempts/s", "and how fast they go on"},
    {"dialer.failures", Dialer::kMaxFailures, "attempts", "failures in a row after which an address that nobody has verified is forgotten"},
    {"dialer.longest_backoff", seconds(net::DialBackoff<PeerId>::kLongest), "s", "time for which an address or a peer that could not be reached is left alone"},
    {"dialer.backoffs", net::DialBackoff<PeerId>::kMaxEntries, "entries", "addresses, and peers, for which that is remembered"},
    {"dialer.resolve_timeout", seconds(Dialer::kResolveTimeout), "s", "time to look a name up, with the names behind it"},
    {"dialer.name_depth", net::AddressResolver::kMaxDepth, "names", "DNS names that lead to further names (dnsaddr)"},
    {"dialer.lookups", net::AddressResolver::kMaxLookups, "queries", "DNS queries for one address"},
    {"dialer.resolved_addresses", net::AddressResolver::kMaxAddresses, "addresses", "addresses that one name may stand for"},
    {"peer_store.peers", PeerStore::kMaxPeers, "peers", "peers that are remembered"},
    {"peer_store.strangers_gone", PeerStore::kMaxStrangersGone, "peers", "those of them that have left, and of whom nothing is known but what they said"},
    {"peer_store.addresses_per_peer", PeerStore::kMaxAddressesPerPeer, "addresses", "addresses of one peer that are remembered"},
    {"peer_store.address_bytes_per_peer", PeerStore::kMaxAddressBytesPerPeer, "bytes", "the same in bytes"},
    {"peer_store.protocols", PeerStore::kMaxProtocols, "protocols", "protocols of one peer that are remembered"},
    {"peer_store.protocol_bytes_per_peer", PeerStore::kMaxProtocolBytesPerPeer, "bytes", "the same in bytes"},
    {"peer_store.agent_bytes", PeerStore::kMaxAgentBytes, "bytes", "a peer's agent version"},
    {"peer_store.saved_bytes", PeerStore::kMaxSavedBytes, "bytes", "what is written of all peers"},
    {"multistream.line_bytes", multistream::kMaxLineBytes, "bytes", "a line of a negotiation"},
    {"multistream.proposals", multistream::Listener::kMaxProposals, "proposals", "proposals refused before the negotiation ends"},
    {"noise.handshake_message_bytes", noise::Handshake::kMaxMessageBytes, "bytes", "a message of a handshake"},
    {"noise.muxers", noise::kMaxMuxers, "muxers", "muxers that a peer may offer in it"},
    {"yamux.inbound_streams", SessionConfig{}.max_inbound_streams, "streams", "streams that a peer may have open on a connection"},
    {"yamux.accept_backlog", SessionConfig{}.accept_backlog, "streams", "those of them that nobody accepted yet"},
    {"yamux.inbound_handles", YamuxMuxer::kMaxInboundHandles, "streams", "streams of one peer that are held here, ended ones included"},
    {"yamux.opens", static_cast<std::uint64_t>(yamux::FrameBudget::kBurstOpens), "streams", "streams that a peer may open and close unused in a burst, before it is read more slowly"},
    {"yamux.opens_rate", static_cast<std::uint64_t>(yamux::FrameBudget::kOpensPerSecond), "streams/s", "and how fast it may go on"},
    {"yamux.frames", static_cast<std::uint64_t>(yamux::FrameBudget::kBurstFrames), "frames", "frames without content that a peer may send at once, before it is read more slowly"},
    {"yamux.frames_rate", static_cast<std::uint64_t>(yamux::FrameBudget::kFramesPerSecond), "frames/s", "and how fast it may go on"},
    {"yamux.unacknowledged", yamux::kMaxUnacknowledged, "streams", "streams opened here that the peer has not acknowledged"},
    {"yamux.lingering", yamux::kMaxLingering, "streams", "streams kept after their end"},
    {"yamux.stream_window", SessionConfig{}.max_stream_window, "bytes", "unread bytes of one stream"},
    {"yamux.receive_budget", SessionConfig{}.receive_budget, "bytes", "unread bytes of all streams of a connection"},
    {"yamux.kept_bytes", YamuxMuxer::kMaxKeptBytes, "bytes", "unread bytes of ended streams"},
    {"yamux.control_bytes", yamux::kMaxControlBytes, "bytes", "answers that wait to be written"},
    {"yamux.pongs", yamux::kMaxPongs, "pings", "pings that wait to be answered"},
    {"yamux.ping_interval", seconds(SessionConfig{}.ping_interval), "s", "idle time before a connection is pinged"},
    {"yamux.ping_timeout", seconds(SessionConfig{}.ping_timeout), "s", "time to answer that"},
    {"identify.bytes", identify::Message::kMaxBytes, "bytes", "one message of identify"},
    {"identify.messages", identify::Message::kMaxMessages, "messages", "messages that one answer may consist of"},
    {"identify.protocols", identify::Message::kMaxProtocols, "protocols", "protocols in it"},
    {"identify.addresses", identify::Message::kMaxAddresses, "addresses", "addresses in it"},
    {"quic.packet_bytes", quic::kMaxPacketBytes, "bytes", "payload of a QUIC datagram"},
    {"quic.inbound_streams", quic::kMaxInboundStreams, "streams", "streams that a peer may have open on a QUIC connection"},
    {"quic.receive_budget", quic::kReceiveBudget, "bytes", "unread bytes of a QUIC connection, before the stream that receives more is reset"},
    {"quic.stream_window", quic::kMaxStreamWindow, "bytes", "unread bytes of one QUIC stream"},
    {"quic.unsent_bytes", quic::kMaxUnsent, "bytes", "bytes of a QUIC stream that were taken from its writer and not sent yet"},
    {"quic.idle_timeout", seconds(quic::kIdleTimeout), "s", "time after which a silent QUIC connection is dead"},
    {"quic.tickets", quic::kMaxTickets, "peers", "peers met lately to whom the next QUIC connection speaks at once"},
    {"quic.ticket_lifetime", seconds(quic::kTicketLifetime), "s", "time for which it may"},
    {"quic.replay_keys", quic::kMaxReplayKeys, "connections", "QUIC connections that spoke at once lately, remembered so that none is heard twice"},
    {"quic.handshake_timeout", seconds(quic::kHandshakeTimeout), "s", "time for a QUIC handshake"},
    {"websocket.header_bytes", net::websocket::kMaxHeaderBytes, "bytes", "the HTTP request or answer that begins a WebSocket"},
    {"websocket.empty_frames", net::websocket::WebSocketStream::kMaxEmptyFrames, "frames", "WebSocket frames in a row that bring nothing"},
    {"websocket.tls_handshake_bytes", tls::WebHandshake::kMaxBytes, "bytes", "what the other side sends in the handshake of the TLS around a WebSocket"},
    {"websocket.tls_chain_bytes", tls::WebSettings::kMaxChainBytes, "bytes", "a server's certificates in it"},
    {"portmap.ports", portmap::PortMapper::kMaxPorts, "ports", "ports that the router is asked to forward"},
    {"portmap.lease", seconds(portmap::kLease), "s", "time for which it is asked to; renewed at half of what it grants"},
    {"portmap.shortest_lease", seconds(portmap::kShortestLease), "s", "what counts as the least that it grants"},
    {"portmap.longest_lease", seconds(portmap::kLongestLease), "s", "and as the most"},
    {"portmap.pmp_bytes", portmap::kMaxPmpBytes, "bytes", "an answer by PCP or NAT-PMP"},
    {"portmap.pmp_rubbish", portmap::kPmpMaxRubbish, "datagrams", "datagrams that are no answer to a request, before it is given up"},
    {"portmap.search_answers", portmap::kUpnpMaxAnswers, "answers", "answers to a search for routers by UPnP"},
    {"portmap.routers", portmap::kUpnpMaxRouters, "routers", "routers among them that are asked"},
    {"portmap.search_answer_bytes", portmap::upnp::kMaxSearchAnswerBytes, "bytes", "one of these answers"},
    {"portmap.http_bytes", portmap::upnp::kMaxHttpBytes, "bytes", "what a router says over HTTP at once"},
    {"portmap.request_time", seconds(portmap::kUpnpRequestTime), "s", "time of one request by HTTP"},
    {"portmap.port_tries", portmap::kUpnpPortTries, "tries", "ports that are asked for when the wanted one is another's"},
    {"autonat.at_once", autonat::Server::kMaxAtOnce, "requests", "requests to dial back that are answered at a time, one for each peer"},
    {"autonat.requests", static_cast<std::uint64_t>(autonat::Server::kPeerBurst), "requests", "requests of one peer in a burst; one more every 5 s"},
    {"autonat.message_bytes", autonat::kMaxMessageBytes, "bytes", "one message of AutoNAT"},
    {"autonat.addresses", autonat::DialRequest::kMaxAddresses, "addresses", "addresses in one request"},
    {"autonat.dial_data", autonat::kMaxDialData, "bytes", "what this node sends at most to have another address than its own dialled"},
    {"autonat.candidates", autonat::Reachability::kMaxAddresses, "addresses", "own addresses that peers are asked to try"},
    {"relay.message_bytes", relay::kMaxMessageBytes, "bytes", "one message of a relay or to one"},
    {"relay.addresses", relay::Reservation::kMaxAddresses, "addresses", "addresses of a relay in one"},
    {"relay.voucher_bytes", relay::Voucher::kMaxBytes, "bytes", "a voucher in it"},
    {"relay.relays", relay::Client::kMaxRelays, "relays", "relays that a node is reached through"},
    {"relay.chosen", RelayChoice::kWanted, "relays", "those of them that a node chooses by itself"},
    {"relay.failed", RelayChoice::kMaxFailed, "relays", "relays that failed and are left alone for 10 minutes"},
    {"relay.addresses_each", relay::Client::kMaxAddresses, "addresses", "addresses of each, in links and identify"},
    {"relay.waiting", relay::Client::kMaxWaiting, "circuits", "circuits that came in and are not accepted yet"},
    {"relay.reservations", relay::ServerLimits{}.reservations, "peers", "peers that are reached through this node"},
    {"relay.reservations_per_prefix", relay::ServerLimits{}.reservations_per_prefix, "peers", "those of them from one IPv4 address or one /64 of IPv6"},
    {"relay.reservation_time", seconds(relay::ServerLimits{}.reservation_time), "s", "time after which they have to ask again"},
    {"relay.circuits", relay::ServerLimits{}.circuits, "circuits", "circuits through this node"},
    {"relay.circuits_per_peer", relay::ServerLimits{}.circuits_per_peer, "circuits", "those of them of one peer, at either end"},
    {"relay.circuit_time", relay::ServerLimits{}.circuit.seconds, "s", "time of one, without --relay-service"},
    {"relay.circuit_bytes", relay::ServerLimits{}.circuit.bytes, "bytes", "what one lets through each way, without --relay-service"},
    {"relay.circuits_rate", static_cast<std::uint64_t>(relay::ServerLimits{}.bytes_per_second), "bytes/s", "what all circuits together carry, without --relay-service"},
    {"relay.circuits_burst", static_cast<std::uint64_t>(relay::ServerLimits{}.burst_bytes), "bytes", "and how much at once"},
    {"relay.buffer_bytes", relay::kForwardBufferBytes, "bytes", "buffer of one, each way"},
    {"relay.requests", static_cast<std::uint64_t>(relay::Server::kRequestBurst), "requests", "requests of one peer to this node as a relay at once"},
    {"relay.requests_rate", static_cast<std::uint64_t>(relay::Server::kRequestsPerSecond), "requests/s", "and how fast they may go on"},
    {"dcutr.message_bytes", dcutr::Message::kMaxBytes, "bytes", "one message of hole punching"},
    {"dcutr.addresses", dcutr::Message::kMaxAddresses, "addresses", "addresses in it, which are all dialled"},
    {"dcutr.rounds", dcutr::HolePuncher::kMaxRounds, "rounds", "tries to make a relayed connection direct"},
    {"dcutr.round_time", seconds(dcutr::HolePuncher::kRoundTime), "s", "time of each"},
    {"dcutr.opened_ports", dcutr::Spray::kOpen, "ports", "ports that are opened towards a peer whose NAT lets nothing else in"},
    {"dcutr.guessed_ports", dcutr::Spray::kGuesses, "ports", "ports that are tried at a peer behind a symmetric NAT"},
    {"dcutr.guesses_at_once", dcutr::Spray::kGuessesAtOnce, "ports", "of these at a time"},
    {"dcutr.guess_time", seconds(dcutr::Spray::kTime), "s", "time for all of it"},
    {"dcutr.guess_pause", seconds(dcutr::Spray::kPause), "s", "until it is done again at the same IP address"},
    {"dcutr.guess_addresses", dcutr::Spray::kMaxRemembered, "addresses", "IP addresses at which it is done in that time"},
    {"dcutr.peers", dcutr::HolePuncher::kMaxAtOnce, "peers", "peers with whom that is tried at a time"},
    {"dht.message_bytes", kad::Message::kMaxBytes, "bytes", "one message of the DHT"},
    {"dht.requests", kad::Rules{}.max_asks, "requests", "requests of one lookup"},
    {"dht.requests_at_once", kad::Rules{}.max_in_flight, "requests", "those of them that are unanswered"},
    {"dht.peers_named", kad::Lookup::kMaxPeersNamed, "peers", "peers of one lookup whose addresses are remembered"},
    {"dht.holders", kad::Publisher::kMaxHolders, "peers", "peers that get one record"},
    {"dht.stores", kad::Publisher::kMaxStores, "requests", "records that are being stored at a time"},
    {"dht.peers_per_group", kad::TableLimits{}.per_group, "peers", "peers of one /16 (IPv6: /32) in the routing table while it has fewer than 50, and one in 100 from then on"},
    {"dht.client_connections", kad::Dht::kClientConnections, "connections", "connections that a node that only asks keeps open for it"},
    {"http_router.count", routing::kMaxHttpRouters, "routers", "HTTP servers that are asked"},
    {"http_router.head_bytes", routing::HttpAnswer::kMaxHeadBytes, "bytes", "the head of an answer"},
    {"http_router.body_bytes", routing::HttpAnswer::kMaxBodyBytes, "bytes", "its body"},
    {"http_router.peers", routing::kMaxDelegatedPeers, "peers", "peers of one answer"},
    {"http_router.addresses", routing::DelegatedPeer::kMaxAddresses, "addresses", "addresses of each"},
    {"http_router.timeout", seconds(routing::HttpRouter::kTimeout), "s", "time for an answer"},
    {"bitswap.message_bytes", bitswap::kMaxMessageBytes, "bytes", "one message"},
    {"bitswap.entries", bitswap::kMaxEntries, "entries", "wants and presences in it"},
    {"bitswap.blocks", bitswap::kMaxBlocks, "blocks", "blocks in it"},
    {"bitswap.streams_per_peer", bitswap::Inbound::kMaxStreamsPerPeer, "streams", "streams that a peer may have open"},
    {"bitswap.unverified_bytes", bitswap::Inbound::kMaxUnverifiedBytes, "bytes", "messages of one peer that are being read or hashed"},
    {"bitswap.message_timeout", seconds(bitswap::Inbound::kStallTimeout), "s", "time for the next 16 KiB of a message"},
    {"bitswap.write_timeout", seconds(bitswap::OutboundStream::kStallTimeout), "s", "time for a peer to take the next 16 KiB of one"},
    {"bitswap.wants_kept", bitswap::PeerWants::kMaxWants, "blocks", "wants of one peer that are kept"},
    {"bitswap.wants_told", bitswap::Wantlist::kMaxWants, "blocks", "wants that one peer is told"},
    {"bitswap.missing_wants", kBitswapTokens, "wants", "wants for what is not held that one peer may send at once"},
    {"bitswap.missing_wants_rate", kBitswapTokenRate, "wants/s", "and how fast it may go on"},
    {"bitswap.read_ahead_bytes", bitswap::Server::kReadAheadBytes, "bytes", "blocks read from the disk and not yet sent, for one peer"},
    {"bitswap.presences", bitswap::Server::kMaxPresences, "presences", "answers without blocks that wait, for one peer"},
    {"bitswap.unsolicited_blocks", bitswap::Client::kMaxUnsolicitedBlocks, "blocks", "blocks that a peer may send unsolicited before it is disconnected"},
    {"bitswap.unsolicited_bytes", bitswap::Client::kMaxUnsolicitedBytes, "bytes", "the same in bytes"},
    {"bitswap.window_blocks", kWindowBlocks, "blocks", "blocks requested from one peer at a time"},
    {"bitswap.window_bytes", kWindowBytes, "bytes", "the same in bytes"},
    {"bitswap.tries", bitswap::SessionState::kMaxTries, "tries", "tries to reach a source that has not been there"},
    {"bitswap.longest_pause", seconds(bitswap::SessionState::kMaxPause), "s", "between two tries to reach a source that was there"},
    {"bitswap.silence", seconds(bitswap::SessionState::kSilence), "s", "without a block until a source that said farewell is called again"},
    {"bitswap.choice", bitswap::Tuning{}.choice, "blocks", "blocks that are asked of all peers with the whole together while other getters are connected, to choose from"},
    {"bitswap.in_hand_bytes", bitswap::InHand::kMaxBytes, "bytes", "blocks that came and are still being written; beyond it no more are read from peers"},
    {"bitswap.sends_at_once", bitswap::SendQueue::kAtOnce, "blocks", "blocks that are sent at the same time while receivers share what they get"},
    {"bitswap.sends_at_once_of_others", bitswap::SendQueue::kOthersAtOnce, "blocks", "the same to those that give nothing"},
    {"bitswap.send_turn_of_others", bitswap::SendQueue::kOthersEvery, "bytes", "bytes sent of which one is for those that give nothing"},
    {"bitswap.copies_counted", bitswap::CopyCounts::kMaxBlocks, "blocks", "blocks of which it is known to how many peers they were sent"},
    {"bitswap.offers", bitswap::PeerWants::kMaxOffers, "blocks", "blocks that a peer was offered and has not asked for yet"},
    {"bitswap.offer_choice", bitswap::Server::kOfferChoice, "blocks", "blocks among which the rarest is chosen for an offer"},
    {"bitswap.offer_peers", bitswap::Server::kOfferPeers, "peers", "peers that are counted for it"},
    {"exchange.message_bytes", pex::kMaxMessageBytes, "bytes", "a message that names other getters of the same content"},
    {"exchange.record_bytes", pex::kMaxRecordBytes, "bytes", "a peer record in it"},
    {"exchange.names", pex::kMaxNames, "peers", "peers that it names"},
    {"exchange.first_names", pex::Roster::kMaxFirst, "peers", "peers that one who asks is named at once"},
    {"exchange.more_names", pex::Roster::kMaxNews, "peers", "the same of those that come later"},
    {"exchange.all_names", pex::Roster::kMaxTold, "peers", "and in all"},
    {"exchange.peers", pex::Roster::kMaxPeers, "peers", "peers of one root that may be named"},
    {"exchange.listeners", pex::Exchange::kMaxListeners, "streams", "peers that are told of new getters of one root"},
    {"exchange.streams_per_peer", pex::Exchange::kMaxStreamsPerPeer, "streams", "roots of which one peer is told in this way"},
    {"exchange.timeout", seconds(pex::Exchange::kTimeout), "s", "time for each message"},
    {"get.neighbours_wanted", service::Neighbours::kWanted, "peers", "other getters that a download connects to"},
    {"get.neighbours", service::Neighbours::kMost, "peers", "other getters that it takes blocks from"},
    {"get.neighbours_known", service::Neighbours::kMaxCandidates, "peers", "other getters that it was named and has not tried"},
    {"content.block_bytes", content::kMaxBlockBytes, "bytes", "a block"},
    {"content.cid_bytes", Cid::kMaxEncodedBytes, "bytes", "a CID"},
    {"content.name_bytes", kMaxEntryNameBytes, "bytes", "a name in a folder"},
    {"content.symlink_bytes", kMaxSymlinkBytes, "bytes", "a symlink's target"},
    {"content.file_depth", kMaxFileDepth, "nodes", "nodes of one file above each other"},
    {"content.depth", WalkLimits{}.max_depth, "folders", "folders within folders of what is shared or downloaded"},
    {"content.entries", WalkLimits{}.max_entries, "entries", "files, folders and symlinks of a download"},
    {"content.repeat_byte_factor", RepeatBudget::kByteFactor, "times", "bytes of blocks that repeat in a tree, for each byte that differs"},
    {"content.repeat_bytes", RepeatBudget::kSpareBytes, "bytes", "and beyond that, unless --max-size allows more"},
    {"content.repeat_entry_factor", RepeatBudget::kEntryFactor, "times", "entries of folders that repeat in a tree, for each that differs"},
    {"content.repeat_entries", RepeatBudget::kSpareEntries, "entries", "and beyond that, unless --max-files allows more"},
    {"content.in_flight_bytes", WalkLimits{}.in_flight_bytes, "bytes", "leaves of a download that are on their way"},
    {"content.in_flight_blocks", WalkLimits{}.in_flight_blocks, "blocks", "the same in blocks"},
    {"content.kept_unplaced_bytes", content::Download::kKeptUnplacedBytes, "bytes", "blocks that came for names that the file system refuses, kept in the index"},
    {"content.not_placed_listed", content::NotPlacedList::kListed, "names", "names that the file system refuses, told one by one"},
    {"gossipsub.rpc_bytes", gossipsub::kMaxRpcBytes, "bytes", "an RPC, and so a message of 1 MiB with its envelope"},
    {"gossipsub.topic_bytes", gossipsub::kMaxTopicBytes, "bytes", "a topic's name"},
    {"gossipsub.topics_per_peer", gossipsub::Peer::kMaxTopics, "topics", "topics that a peer may be in"},
    {"gossipsub.foreign_topics", gossipsub::Overlay::kMaxForeignTopics, "topics", "topics that only others are in"},
    {"gossipsub.seen", gossipsub::SeenCache::kMaxEntries, "messages", "messages that are known to have been here"},
    {"gossipsub.pending", gossipsub::PendingMessages::kMaxMessages, "messages", "messages that wait for a check"},
    {"gossipsub.pending_per_peer", gossipsub::PendingMessages::kMaxMessagesPerPeer, "messages", "those of them from one peer"},
    {"gossipsub.verifying", gossipsub::Gossipsub::kMaxVerifying, "messages", "signatures of one peer that are checked at once; it is not read beyond"},
    {"gossipsub.chokes", gossipsub::TreeKeys::kMaxKeys, "trees", "trees that a peer keeps to ids, and as many that it is kept to"},
    {"gossipsub.missing", gossipsub::Repairs::kMaxMessages, "messages", "announced messages that have not come"},
    {"gossipsub.parents", gossipsub::Parents::kMaxTrees, "trees", "trees of which is known who brings their messages"},
    {"gossipsub.transfers", gossipsub::Pieces::kMaxTransfers, "messages", "large messages in pieces, known at once"},
    {"gossipsub.transfers_per_peer", gossipsub::Pieces::kMaxPerPeer, "messages", "those that are not whole, from one peer"},
    {"gossipsub.transfers_per_author", gossipsub::Pieces::kMaxPerAuthor, "messages", "those that are not whole, of one author"},
    {"gossipsub.transfer_bytes", gossipsub::Pieces::kMaxBytes, "bytes", "of messages that are not whole, all together"},
    {"gossipsub.unsent_bytes", gossipsub::Outbox::kMaxBytes, "bytes", "what waits for a peer that reads too slowly, before the oldest is dropped"},
    {"gossipsub.inbox_bytes", gossipsub::InboxLimits{}.bytes, "bytes", "messages that a subscriber has not taken, before the oldest is dropped"},
    {"gossipsub.inbox_messages", gossipsub::InboxLimits{}.messages, "messages", "the same in messages"},
    {"topic.enough_peers", service::TopicSearch::kEnoughPeers, "peers", "peers of a topic with which no further ones are looked for"},
    {"topic.dials", service::TopicSearch::kMaxDials, "dials", "dials to peers of one topic at a time"},
    {"chat.text_bytes", service::ChatMessage::kMaxTextBytes, "bytes", "what is said at once in a chat"},
    {"chat.name_bytes", service::ChatMessage::kMaxNameBytes, "bytes", "a name in it"},
    {"chat.history", service::ChatState::kHistory, "messages", "messages that are kept for who comes late"},
    {"chat.members", service::ChatState::kMaxMembers, "members", "members that are told apart"},
    {"chat.events", service::ChatState::kMaxEvents, "events", "what waits for a slow reader, before the oldest is dropped"},
    {"chat.event_bytes", service::ChatState::kMaxEventBytes, "bytes", "the same in bytes"},
    {"import.ignore_file_bytes", content::kMaxIgnoreFileBytes, "bytes", "a .shoalignore file"},
    {"import.pattern_bytes", content::Glob::kMaxBytes, "bytes", "a pattern in it, or of --exclude"},
    {"share.tree_blocks", Delivery::kMaxBlocks, "blocks", "blocks of a share that are told apart to see who has it all; of a larger one the receivers' word counts"},
    {"stat.blocks", service::kMaxStatBlocks, "blocks", "different blocks that stat counts"},
    {"tunnel.services", TunnelExposer::kMaxServices, "services", "services that a node exposes"},
    {"tunnel.connections", TunnelExposer::kMaxConnections, "connections", "connections to them"},
    {"tunnel.connections_per_peer", TunnelExposer::kMaxConnectionsPerPeer, "connections", "those of them of one peer; further ones wait there"},
    {"tunnel.unauthenticated", TunnelExposer::kMaxUnauthenticated, "streams", "streams that have not said which service they want"},
    {"tunnel.unauthenticated_per_peer", TunnelExposer::kMaxUnauthenticatedPerPeer, "streams", "those of them of one peer that has no connection yet"},
    {"tunnel.open_timeout", seconds(TunnelExposer::kOpenTimeout), "s", "time to say it"},
    {"tunnel.service_timeout", seconds(TunnelExposer::kServiceTimeout), "s", "time for a service to be connected to"},
    {"tunnel.message_bytes", tunnel::kMaxMessageBytes, "bytes", "the first message of either side"},
    {"tunnel.name_bytes", tunnel::kMaxNameBytes, "bytes", "the name of a service"},
    {"tunnel.frame_bytes", tunnel::kMaxPayload, "bytes", "content of one frame"},
    {"tunnel.initial_window", tunnel::kInitialWindow, "bytes", "unread bytes of one connection that are always allowed"},
    {"tunnel.window", tunnel::kMaxWindow, "bytes", "unread bytes of one connection"},
    {"tunnel.window_pool", tunnel::WindowPool::kBytes, "bytes", "unread bytes of all connections beyond the first window of each"},
    {"tunnel.kept_buffers", tunnel::BufferPool::kMaxKept, "buffers", "buffers of 128 KiB that are kept for the next connection"},
    {"tunnel.datagram_bytes", tunnel::kMaxDatagramBytes, "bytes", "a datagram"},
    {"tunnel.waiting_datagrams", tunnel::DatagramQueue::kMaxDatagrams, "datagrams", "datagrams that wait for the stream of their sender, before the newest is dropped"},
    {"tunnel.waiting_datagram_bytes", tunnel::DatagramQueue::kMaxBytes, "bytes", "the same in bytes"},
    {"tunnel.senders", DatagramServer::kMaxSenders, "senders", "senders at a UDP port that leads to a peer; the idlest makes room"},
    {"tunnel.idle_timeout", seconds(tunnel::DatagramPipe::kIdleTimeout), "s", "time without a datagram after which a sender is forgotten"},
    {"tunnel.ticket_bytes", TunnelTicket::kMaxTextBytes, "bytes", "a ticket"},
    {"tunnel.ticket_addresses", TunnelTicket::kMaxAddresses, "addresses", "addresses in it"},
    {"link.bytes", Link::kMaxTextBytes, "bytes", "a link"},
    {"link.providers", Link::kMaxProviders, "addresses", "providers that a link names"},
    {"link.path_segments", Link::kMaxPathSegments, "names", "the path in a link"},
    {"address.bytes", Multiaddr::kMaxBytes, "bytes", "a multiaddr"},
    {"address.components", Multiaddr::kMaxComponents, "components", "its parts"},
    {"key.public_bytes", kMaxPublicKeyBytes, "bytes", "a public key"},
});
// clang-format on

}  // namespace

std::span<const Limit> limits() {
  return kLimits;
}

}  // namespace shoal::node
