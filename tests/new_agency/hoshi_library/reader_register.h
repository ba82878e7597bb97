// The library's readers, in its own database. Knows no gRPC.
#ifndef HOSHI_LIBRARY_READER_REGISTER_H_
#define HOSHI_LIBRARY_READER_REGISTER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "reader.h"

namespace hoshi {

// Thread-safe. `database` must outlive it.
class ReaderRegister {
 public:
  explicit ReaderRegister(psm::agency::Database* database)
      : database_(database) {}

  static absl::Span<const psm::agency::Migration> Migrations();

  // Keeps a reader, durably, and gives the number; who is a reader already
  // keeps the number and gets the new name and address. A retry of the same
  // exchange gives the first answer again.
  absl::StatusOr<std::string> Keep(const psm::agency::CallContext& call,
                                   absl::string_view subject,
                                   const std::string& name,
                                   const std::string& address, absl::Time now);

  // NOT_FOUND NOT_A_READER.
  absl::StatusOr<Reader> Find(absl::string_view subject);

 private:
  psm::agency::Database* const database_;
};

}  // namespace hoshi

#endif  // HOSHI_LIBRARY_READER_REGISTER_H_
