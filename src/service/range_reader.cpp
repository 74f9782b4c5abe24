#include "service/range_reader.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.h"
#include "content/block.h"
#include "service/block_queue.h"
#include "system/yield.h"

namespace shoal::service {

namespace {

constexpr std::size_t kPartsAhead = 8;
constexpr std::size_t kTinyPart = 16 * 1024;
// Of one node, waiting at once; it is read again for the rest.
constexpr std::size_t kParts = 1024;

class RangeReader {
 public:
  using Piece = std::function<Task<void>(ByteView)>;

  RangeReader(ContentSource& source, std::uint64_t begin, std::uint64_t end,
              content::TreeLimits limits, const Piece& piece)
      : source_(source),
        queue_(
            source.system().waits, [&source](Cid cid) { return source.block(std::move(cid)); },
            kPartsAhead, source.read_ahead()),
        budget_(limits),
        yield_(source.system()),
        begin_(begin),
        end_(end),
        piece_(piece) {}

  Task<void> run(Cid root, FileNode node, SharedBytes block) {
    return run_and_stop(queue_, read(std::move(root), std::move(node), std::move(block)));
  }

 private:
  /// A node, of which the parts before `from` were asked for already.
  struct Node {
    FilePart part;
    std::size_t from = 0;
  };
  using Queue = BlockQueue<Node>;

  Task<void> read(Cid root, FileNode node, SharedBytes block) {
    const FilePart whole{.cid = std::move(root), .offset = 0, .length = node.length, .depth = 0};
    for (FilePart& part : node.children) part.depth = 1;
    std::exception_ptr failure;
    try {
      co_await take({whole, 0}, std::move(node), std::move(block));
      while (!queue_.empty()) {
        Queue::Got got = co_await queue_.take();
        FileNode part = co_await describe(got);
        co_await take(std::move(got.what), std::move(part), std::move(got.block));
        co_await yield_.step();
      }
    } catch (const Error&) {
      failure = std::current_exception();
    }
    co_await flush();
    if (failure) std::rethrow_exception(failure);
  }

  /// Tiny parts are handed over together: each may cost a system call.
  Task<void> give(ByteView bytes) {
    if (bytes.size() < kTinyPart) {
      append(tiny_, bytes);
      if (tiny_.size() >= kTinyPart) co_await flush();
      co_return;
    }
    co_await flush();
    co_await piece_(bytes);
  }

  Task<void> flush() {
    if (tiny_.empty()) co_return;
    const Bytes bytes = std::exchange(tiny_, {});
    co_await piece_(bytes);
  }

  Task<FileNode> describe(const Queue::Got& got) {
    try {
      FileNode node = co_await source_.describe_part(got.what.part, got.block);
      co_return node;
    } catch (const Error& error) {
      throw content::located(error, {}, got.cid);
    }
  }

  Task<void> take(Node asked, FileNode node, SharedBytes block) {
    if (asked.from == 0) {
      budget_.visit(asked.part.cid, block.size());
      budget_.check(asked.part.cid, [] { return std::string(); });
    }
    std::vector<Queue::Ask> asks;
    std::size_t next = asked.from;
    for (; next < node.children.size() && asks.size() < kParts; ++next) {
      const FilePart& part = node.children[next];
      if (part.offset >= end_ || part.offset + part.length <= begin_) continue;
      asks.push_back({part.cid, {part, 0}});
    }
    if (next < node.children.size()) asks.push_back({asked.part.cid, {asked.part, next}});
    queue_.put_front(std::move(asks));
    node.children = std::vector<FilePart>();
    if (asked.from > 0) co_return;
    const std::uint64_t from = std::max(begin_, node.offset);
    const std::uint64_t to = std::min<std::uint64_t>(end_, node.offset + node.content.size());
    if (from < to) co_await give(node.content.subspan(from - node.offset, to - from));
  }

  ContentSource& source_;
  Queue queue_;
  content::RepeatBudget budget_;
  Yield yield_;
  const std::uint64_t begin_;
  const std::uint64_t end_;
  const Piece& piece_;
  Bytes tiny_;
};

}  // namespace

Task<void> read_range(ContentSource& source, Cid root, FileNode node, SharedBytes block,
                      std::uint64_t begin, std::uint64_t end, content::TreeLimits limits,
                      const std::function<Task<void>(ByteView)>& piece) {
  RangeReader reader(source, begin, end, limits, piece);
  co_await reader.run(std::move(root), std::move(node), std::move(block));
}

}  // namespace shoal::service
