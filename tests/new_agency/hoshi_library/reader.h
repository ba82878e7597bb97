// Whom the library serves, and the number on a reader's card. Knows no database
// and no mesh.
#ifndef HOSHI_LIBRARY_READER_H_
#define HOSHI_LIBRARY_READER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace hoshi {

struct Reader {
  std::string number;
  std::string name;
  std::string address;
};

// Whether the library serves who lives there: Akatsuki City. `address` is as
// identity writes it, from the prefecture on.
bool Serves(absl::string_view address);

// "L-000042" for the 42nd reader; longer beyond 999999.
std::string ReaderNumber(std::int64_t ordinal);

}  // namespace hoshi

#endif  // HOSHI_LIBRARY_READER_H_
