#include "protocol/gossipsub/transfer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace shoal::gossipsub {

Transfer::Transfer(std::shared_ptr<const Manifest> manifest, Bytes encoded, PeerId introduced_by,
                   TimePoint now)
    : last_used(now),
      manifest_(std::move(manifest)),
      encoded_(std::move(encoded)),
      introduced_by_(std::move(introduced_by)),
      begun_at_(now),
      have_(manifest_->pieces()),
      requested_(manifest_->pieces()) {}

Transfer::Holder& Transfer::holder(const PeerId& peer) {
  const auto [found, fresh] = holders_.try_emplace(peer);
  if (fresh) {
    found->second.has.resize(have_.size());
    found->second.sent.resize(have_.size());
  }
  return found->second;
}

void Transfer::forget(const PeerId& peer) {
  for (std::uint32_t i = 0; i < requested_.size(); ++i) {
    if (requested_[i] && requested_[i]->peer == peer) release(i);
  }
  holders_.erase(peer);
}

bool Transfer::fits(std::uint32_t index, ByteView data) const {
  return index < have_.size() && data.size() == manifest_->size_of(index) &&
         crypto::sha256(data) == manifest_->hashes[index];
}

void Transfer::store(std::uint32_t index, ByteView data, const PeerId& from, TimePoint now) {
  SHOAL_CHECK(!have_[index]);
  // Room is taken when the first piece is here, not for what a manifest claims.
  if (data_.empty()) data_.resize(manifest_->message_bytes);
  std::ranges::copy(data, data_.begin() + static_cast<std::ptrdiff_t>(manifest_->offset_of(index)));
  have_[index] = true;
  ++have_count_;
  if (requested_[index]) release(index);
  Holder& supplier = holder(from);
  supplier.has[index] = true;
  supplier.progress = now;
  supplier.stalled = false;
  ++supplier.supplied;
  last_used = now;
}

void Transfer::complete_with(MessagePtr message) {
  message_ = std::move(message);
  have_.assign(have_.size(), true);
  have_count_ = have_.size();
  data_ = {};
  for (std::uint32_t i = 0; i < requested_.size(); ++i) {
    if (requested_[i]) release(i);
  }
}

ByteView Transfer::piece(std::uint32_t index) const {
  const ByteView all = message_ ? message_->encoded().view() : ByteView(data_);
  return all.subspan(manifest_->offset_of(index), manifest_->size_of(index));
}

std::vector<std::uint32_t> Transfer::all_indexes() const {
  std::vector<std::uint32_t> out(have_.size());
  std::iota(out.begin(), out.end(), 0U);
  return out;
}

std::vector<std::uint32_t> Transfer::request(const PeerId& peer, Random& random, TimePoint now) {
  Holder& from = holder(peer);
  std::vector<std::uint32_t> out;
  if (from.stalled || from.outstanding >= kWindow) return out;
  std::vector<std::pair<std::size_t, std::uint32_t>> candidates;
  const auto begin = static_cast<std::uint32_t>(random.below(have_.size()));
  for (std::uint32_t step = 0; step < have_.size(); ++step) {
    const auto index = static_cast<std::uint32_t>((begin + step) % have_.size());
    if (have_[index] || requested_[index] || !from.has[index]) continue;
    std::size_t count = 0;
    for (const auto& [other, holder] : holders_) count += holder.has[index] ? 1 : 0;
    candidates.emplace_back(count, index);
  }
  std::ranges::stable_sort(candidates, {}, [](const auto& each) { return each.first; });
  for (const auto& [count, index] : candidates) {
    if (from.outstanding == kWindow) break;
    requested_[index] = Request{peer, now};
    ++from.outstanding;
    out.push_back(index);
  }
  return out;
}

std::vector<PeerId> Transfer::give_up_stalled(TimePoint now) {
  std::vector<PeerId> out;
  for (std::uint32_t i = 0; i < requested_.size(); ++i) {
    if (!requested_[i]) continue;
    const PeerId peer = requested_[i]->peer;
    Holder& from = holder(peer);
    if (std::max(requested_[i]->at, from.progress) + kStall > now) continue;
    from.stalled = true;
    if (!std::exchange(from.blamed, true)) out.push_back(peer);
    release(i);
  }
  return out;
}

void Transfer::forgive() {
  for (auto& [peer, holder] : holders_) holder.stalled = false;
}

bool Transfer::is_waiting() const {
  return std::ranges::any_of(requested_, [](const auto& request) { return request.has_value(); });
}

std::vector<PeerId> Transfer::suppliers() const {
  std::vector<PeerId> out;
  std::size_t most = 0;
  for (const auto& [peer, holder] : holders_) {
    if (holder.supplied == 0) continue;
    out.push_back(peer);
    if (holder.supplied > most) {
      most = holder.supplied;
      std::swap(out.front(), out.back());
    }
  }
  return out;
}

void Transfer::release(std::uint32_t index) {
  Holder& from = holder(requested_[index]->peer);
  SHOAL_CHECK(from.outstanding > 0);
  --from.outstanding;
  requested_[index].reset();
}

}  // namespace shoal::gossipsub
