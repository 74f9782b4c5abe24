#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "content/store/block_store.h"

namespace shoal::content {

/// Moves of files that are under way in an index. Each changes some rows at a time, so that the
/// event loop goes on in between, however many they are; until it is done, where_now() says where
/// the others went.
class FileMoves {
 public:
  /// Files in one step, and after how many of them a commit follows, which writes what they
  /// changed.
  static constexpr std::size_t kFilesPerStep = 128;
  static constexpr std::size_t kFilesPerCommit = 2048;

  /// Borrows `state` for its life.
  explicit FileMoves(BlockStore::State& state) : state_(state) {}

  /// What was at `to` is forgotten. When it is cancelled, the rest follows at once. Throws
  /// Error{io}.
  Task<void> move(std::string from, std::string to);
  /// Where the file is that the index says is at `path`.
  std::string where_now(std::string path) const;
  /// Ends at once those that `path` has to do with. Blocks.
  void finish_at(std::string_view path);
  void finish_all();

 private:
  struct Move;
  using MovePtr = std::shared_ptr<Move>;
  struct Listed;

  Task<void> run(MovePtr move);
  void step(Move& move);
  void finish(const MovePtr& move);

  BlockStore::State& state_;
  std::vector<MovePtr> moves_;
};

}  // namespace shoal::content
