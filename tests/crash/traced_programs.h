// The programs of a mesh, with a psm-gateway that strace fails or kills at a
// system call that the test chooses.
#ifndef PSM_TESTS_CRASH_TRACED_PROGRAMS_H_
#define PSM_TESTS_CRASH_TRACED_PROGRAMS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace psm::testing {

// What befalls the gateway; `when` counts in each of its threads.
struct Injection {
  std::string calls;       // "fdatasync"; several with commas between
  std::string fault;       // as strace says it: "signal=SIGKILL", "error=EIO"
  std::string when = "1";  // "3": the third; "3+": from there on
  std::vector<std::string> paths = {};  // only calls on these; empty: all
};

// A call in which a thread was when its process was killed.
struct EndedIn {
  std::string call;  // "fdatasync"
  std::string file;  // its name without folders and digits: "segment-"
};

// Bytes that were written and had not been synced when the process was killed.
struct Unsynced {
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// Thread-compatible. Every function fails the test where it cannot do its work.
class TracedPrograms {
 public:
  // OK where strace can kill a process here, else why it cannot: nothing of
  // what needs it can be tested.
  static absl::Status Works();

  // In `folder`, of the programs in `built`; the gateway as it is, at first.
  TracedPrograms(const std::string& built, std::string folder);
  TracedPrograms(const TracedPrograms&) = delete;
  TracedPrograms& operator=(const TracedPrograms&) = delete;

  // Where a mesh finds them.
  std::string folder() const { return folder_ + "/bin"; }

  // From the gateway's next start on: as it is; under strace, which also notes
  // what is written.
  void LeaveAlone();
  void Inject(const Injection& injection);

  // Of the last process under strace, once it was killed; waits for strace to
  // have said so. The calls that were injected into come alone.
  std::vector<EndedIn> Ended() const;
  std::vector<Unsynced> LeftUnsynced() const;
  // How many calls were made to fail.
  int Failed() const;

 private:
  void WriteGateway(const std::string& command);
  std::vector<std::string> ReadTrace() const;  // a text for each thread

  const std::string gateway_;  // the real one
  const std::string folder_;
  std::string injected_;
};

}  // namespace psm::testing

#endif  // PSM_TESTS_CRASH_TRACED_PROGRAMS_H_
