#include "services/identity/card/card_items.h"

#include <map>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"
#include "services/identity/card/virtual_card.h"

namespace psm::card {
namespace {

// As printed by `openssl x509 -ext subjectAltName` of a signature certificate.
constexpr char kName[] = "1.2.392.200149.8.5.5.1";
constexpr char kSex[] = "1.2.392.200149.8.5.5.3";
constexpr char kBirthDate[] = "1.2.392.200149.8.5.5.4";
constexpr char kAddress[] = "1.2.392.200149.8.5.5.5";

// The first day of each era since the Gregorian calendar was taken.
struct Era {
  char digit;
  absl::CivilDay from;
};
const Era kEras[] = {{'5', absl::CivilDay(2019, 5, 1)},
                     {'4', absl::CivilDay(1989, 1, 8)},
                     {'3', absl::CivilDay(1926, 12, 25)},
                     {'2', absl::CivilDay(1912, 7, 30)},
                     {'1', absl::CivilDay(1873, 1, 1)}};

absl::Status NotOfItsForm() {
  return absl::InvalidArgumentError(
      "the certificate does not carry the four basic items");
}

// YYYY-MM-DD and nothing else, a day that exists.
bool ParseDate(absl::string_view text, absl::CivilDay* day) {
  return text.size() == 10 && absl::ParseCivilTime(text, day) &&
         absl::FormatCivilTime(*day) == text;
}

char EraOf(absl::CivilDay day) {
  for (const Era& era : kEras) {
    if (day >= era.from) return era.digit;
  }
  return 0;
}

// By object identifier; empty where one occurs twice or is no UTF8String.
std::map<std::string, std::string> OtherNamesOf(const Certificate& from) {
  std::map<std::string, std::string> texts;
  const OpenSslPtr<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(from.get(), NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    ASN1_OBJECT* kind = nullptr;
    ASN1_TYPE* value = nullptr;
    if (GENERAL_NAME_get0_otherName(name, &kind, &value) != 1) continue;
    if (value == nullptr || value->type != V_ASN1_UTF8STRING) return {};
    char id[64];
    if (OBJ_obj2txt(id, sizeof(id), kind, /*no_name=*/1) <= 0) return {};
    const ASN1_STRING* text = value->value.utf8string;
    if (!texts
             .emplace(
                 id,
                 std::string(
                     reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<std::size_t>(ASN1_STRING_length(text))))
             .second)
      return {};
  }
  return texts;
}

}  // namespace

absl::StatusOr<std::vector<pki::OtherName>> NamesOf(const CardItems& items) {
  absl::CivilDay day;
  if (!ParseDate(items.birth_date, &day) || EraOf(day) == 0) {
    return absl::InvalidArgumentError(
        "a date of birth is YYYY-MM-DD, not before 1873");
  }
  if (items.name.empty() || items.address.empty())
    return absl::InvalidArgumentError("a card has a name and an address");
  return std::vector<pki::OtherName>{
      {kName, items.name},
      {kSex, absl::StrCat(items.sex)},
      {kBirthDate,
       absl::StrFormat("%c%04d%02d%02d", EraOf(day),
                       static_cast<int>(day.year()), day.month(), day.day())},
      {kAddress, items.address}};
}

absl::StatusOr<CardItems> ItemsOf(const Certificate& certificate) {
  const std::map<std::string, std::string> texts = OtherNamesOf(certificate);
  const auto text = [&texts](const char* kind) {
    const auto found = texts.find(kind);
    return found == texts.end() ? std::string() : found->second;
  };
  CardItems items;
  items.name = text(kName);
  items.address = text(kAddress);
  const std::string date = text(kBirthDate);
  if (items.name.empty() || items.address.empty() || date.size() != 9 ||
      !absl::SimpleAtoi(text(kSex), &items.sex))
    return NotOfItsForm();
  items.birth_date = absl::StrCat(date.substr(1, 4), "-", date.substr(5, 2),
                                  "-", date.substr(7, 2));
  absl::CivilDay day;
  if (!ParseDate(items.birth_date, &day) || EraOf(day) != date[0])
    return NotOfItsForm();
  return items;
}

std::string CardSerialOf(const Certificate& certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate.get());
  if (X509_NAME_entry_count(subject) != 1) return "";
  const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(subject, 0);
  if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != NID_serialNumber)
    return "";
  const ASN1_STRING* const value = X509_NAME_ENTRY_get_data(entry);
  const std::string serial(
      reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
      static_cast<std::size_t>(ASN1_STRING_length(value)));
  // Also refuses NUL and everything that is not one byte a character.
  return IsCardSerial(serial) ? serial : "";
}

bool HasTurned(int years, absl::string_view birth_date, absl::CivilDay today) {
  absl::CivilDay born;
  if (!ParseDate(birth_date, &born)) return false;
  // The fields of a civil day are brought into range: 29 February becomes 1
  // March in a year without one.
  return today >= absl::CivilDay(born.year() + years, born.month(), born.day());
}

}  // namespace psm::card
