#include "content/store/file_moves.h"

#include <utility>

#include "content/store/block_store_state.h"
#include "system/yield.h"

namespace shoal::content {

namespace {

bool is_at(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace

struct FileMoves::Move {
  const std::string from;
  const std::string to;
  bool cleared = false;  // what was at `to` is forgotten
  bool done = false;
  std::size_t uncommitted = 0;
};

/// Among the moves that are under way, however it ends.
struct FileMoves::Listed {
  Listed(std::vector<MovePtr>& its_moves, MovePtr its_move)
      : moves(its_moves), move(std::move(its_move)) {
    moves.push_back(move);
  }
  ~Listed() { std::erase(moves, move); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

  std::vector<MovePtr>& moves;
  const MovePtr move;
};

Task<void> FileMoves::move(std::string from, std::string to) {
  if (is_at(from, to) || is_at(to, from)) co_return;  // no folder goes into itself
  finish_at(from);
  finish_at(to);
  const Listed fresh(moves_, std::make_shared<Move>(std::move(from), std::move(to)));
  try {
    co_await run(fresh.move);
  } catch (const boost::system::system_error&) {
    finish(fresh.move);
    throw;
  }
}

Task<void> FileMoves::run(MovePtr move) {
  while (!move->done) {
    step(*move);
    co_await yield_now(state_.system.waits);
  }
}

void FileMoves::step(Move& move) {
  const std::uint64_t files = state_.change([&](Index& index) {
    return move.cleared ? index.move_files(move.from, move.to, kFilesPerStep)
                        : index.forget_below(move.to, kFilesPerStep);
  });
  if (files == 0) {
    move.done = move.cleared;
    move.cleared = true;
  }
  move.uncommitted += files;
  if (move.uncommitted < kFilesPerCommit) return;
  move.uncommitted = 0;
  state_.commit();
}

void FileMoves::finish(const MovePtr& move) {
  while (!move->done) step(*move);
}

std::string FileMoves::where_now(std::string path) const {
  for (const MovePtr& move : moves_) {
    if (move->done || !is_at(path, move->from)) continue;
    path = move->to + path.substr(move->from.size());
  }
  return path;
}

void FileMoves::finish_at(std::string_view path) {
  for (const MovePtr& move : std::vector(moves_)) {
    const auto concerns = [&](const std::string& end) {
      return is_at(path, end) || is_at(end, path);
    };
    if (concerns(move->from) || concerns(move->to)) finish(move);
  }
}

void FileMoves::finish_all() {
  for (const MovePtr& move : std::vector(moves_)) finish(move);
}

}  // namespace shoal::content
