#include "mesh/edge/http2_memory.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>

namespace psm::edge {
namespace {

constexpr std::size_t kPage = 4096;
// nghttp2's buffer for a frame of 16 KiB and its head.
constexpr std::size_t kLarge = 16 << 10;

// What an allocator hands out has often been in use and is resident, whoever
// needs it now.
void* AllocateLarge(std::size_t size) {
  const std::size_t rounded = (size + kPage - 1) / kPage * kPage;
  void* const memory = std::aligned_alloc(kPage, rounded);
  // Where the kernel does not take it, nothing is lost but the memory.
  if (memory != nullptr) madvise(memory, rounded, MADV_DONTNEED);
  return memory;
}

void* Allocate(std::size_t size, void*) {
  return size < kLarge ? std::malloc(size) : AllocateLarge(size);
}

void Free(void* memory, void*) { std::free(memory); }

void* AllocateZeroed(std::size_t count, std::size_t size, void*) {
  return std::calloc(count, size);
}

// nghttp2 makes its buffers so, from nothing.
void* Reallocate(void* memory, std::size_t size, void*) {
  return memory == nullptr && size >= kLarge ? AllocateLarge(size)
                                             : std::realloc(memory, size);
}

}  // namespace

nghttp2_mem* SparseMemory() {
  static nghttp2_mem memory = {nullptr, Allocate, Free, AllocateZeroed,
                               Reallocate};
  return &memory;
}

}  // namespace psm::edge
