#include "content/store/file_blocks.h"

#include <gtest/gtest.h>

#include "system/sim/world.h"

namespace shoal::content {
namespace {

/// A file that somebody writes to while it is read: after it was looked at first.
class ChangingFile final : public File {
 public:
  ChangingFile(std::unique_ptr<File> file, std::unique_ptr<File> other)
      : file_(std::move(file)), other_(std::move(other)) {}

  std::size_t read_at(std::uint64_t offset, MutableBytes into) override {
    other_->write_at(0, as_bytes("HELLO"));
    other_->set_mtime(WallTime(1h));
    return file_->read_at(offset, into);
  }
  FileInfo info() override { return file_->info(); }
  std::optional<std::uint64_t> next_data(std::uint64_t offset) override {
    return file_->next_data(offset);
  }
  void write_at(std::uint64_t, std::span<const ByteView>) override {}
  void sync() override {}
  void forget_cached() override {}
  void truncate(std::uint64_t) override {}
  void set_mode(std::uint32_t) override {}
  void set_mtime(WallTime) override {}

 private:
  std::unique_ptr<File> file_;
  std::unique_ptr<File> other_;
};

TEST(FileBlocks, a_block_is_hashed_when_its_file_changes_while_it_is_read) {
  sim::World world;
  Storage& storage = world.add_host().system().storage;
  storage.open("/data", Access::create)->write_at(0, as_bytes("hello"));
  BlockExtent place;
  place.path = "/data";
  place.length = 5;
  place.stamp = FileStamp::of(*storage.info("/data"));
  const Multihash hash = Multihash::sha2_256(as_bytes("hello"));
  const WallTime later = world.host(0).system().clock.wall_now() + 1h;
  EXPECT_TRUE(read_block(storage, place, hash, nullptr, later).right);
  const auto changing = std::make_shared<ChangingFile>(storage.open("/data", Access::read),
                                                       storage.open("/data", Access::write));
  const BlockReading reading = read_block(storage, place, hash, changing, later);
  EXPECT_TRUE(reading.hashed);
  EXPECT_FALSE(reading.right);
}

}  // namespace
}  // namespace shoal::content
