// A file descriptor that is closed by its owner's end.
#ifndef PSM_MESH_BASE_DESCRIPTOR_H_
#define PSM_MESH_BASE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace psm {

// Owns `fd`, which may be negative: none.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  // Now the caller closes it.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace psm

#endif  // PSM_MESH_BASE_DESCRIPTOR_H_
