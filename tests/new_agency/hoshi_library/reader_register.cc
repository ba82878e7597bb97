#include "reader_register.h"

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "soci/soci.h"

namespace hoshi {
namespace {

// `subject` is the library's own code of the person; no other agency has it.
constexpr psm::agency::Migration kMigrations[] = {
    {1, R"(
CREATE TABLE readers (
  ordinal INTEGER PRIMARY KEY,
  subject TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  address TEXT NOT NULL);
)"},
};

}  // namespace

absl::Span<const psm::agency::Migration> ReaderRegister::Migrations() {
  return kMigrations;
}

absl::StatusOr<std::string> ReaderRegister::Keep(
    const psm::agency::CallContext& call, absl::string_view subject,
    const std::string& name, const std::string& address, absl::Time now) {
  const std::string key(subject);
  return database_->Once(
      absl::StrCat("RegisterReader/", key), call, now,
      [&](soci::session& sql) -> absl::StatusOr<std::string> {
        sql << "INSERT INTO readers (subject, name, address) VALUES (:subject, "
               ":name, :address) ON CONFLICT (subject) DO UPDATE SET name = "
               "excluded.name, address = excluded.address",
            soci::use(key), soci::use(name), soci::use(address);
        long long ordinal = 0;
        sql << "SELECT ordinal FROM readers WHERE subject = :subject",
            soci::into(ordinal), soci::use(key);
        return ReaderNumber(ordinal);
      });
}

absl::StatusOr<Reader> ReaderRegister::Find(absl::string_view subject) {
  const std::string key(subject);
  Reader reader;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    long long ordinal = 0;
    sql << "SELECT ordinal, name, address FROM readers WHERE subject = "
           ":subject",
        soci::into(ordinal), soci::into(reader.name),
        soci::into(reader.address), soci::use(key);
    if (!sql.got_data()) {
      return psm::agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_READER",
                                  "the person is not registered as a reader");
    }
    reader.number = ReaderNumber(ordinal);
    return absl::OkStatus();
  }));
  return reader;
}

}  // namespace hoshi
