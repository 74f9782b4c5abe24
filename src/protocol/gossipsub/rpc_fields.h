#pragma once

#include <protozero/types.hpp>

namespace shoal::gossipsub {

// Field numbers of the protobuf in libp2p specs, gossipsub.

enum RpcField : protozero::pbf_tag_type {
  rpc_subscriptions_field = 1,
  rpc_publish_field = 2,
  rpc_control_field = 3,
  rpc_trees_field = 19'274'627,  // of the extension "trees", in the experimental range
};

enum SubscriptionField : protozero::pbf_tag_type {
  subscribe_field = 1,
  subscription_topic_field = 2,
};

enum ControlField : protozero::pbf_tag_type {
  control_ihave_field = 1,
  control_iwant_field = 2,
  control_graft_field = 3,
  control_prune_field = 4,
  control_idontwant_field = 5,
  control_extensions_field = 6,
};

enum ExtensionsField : protozero::pbf_tag_type { extensions_trees_field = rpc_trees_field };
enum IHaveField : protozero::pbf_tag_type { ihave_topic_field = 1, ihave_id_field = 2 };
enum IWantField : protozero::pbf_tag_type { iwant_id_field = 1 };
enum IDontWantField : protozero::pbf_tag_type { idontwant_id_field = 1 };
enum GraftField : protozero::pbf_tag_type { graft_topic_field = 1 };

enum PruneField : protozero::pbf_tag_type {
  prune_topic_field = 1,
  prune_peers_field = 2,
  prune_backoff_field = 3,
};

enum PeerInfoField : protozero::pbf_tag_type { peer_id_field = 1, peer_record_field = 2 };

}  // namespace shoal::gossipsub
