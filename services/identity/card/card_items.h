// The four basic items (基本4情報) as a signature certificate carries them.
// Knows no authority and no file.
#ifndef PSM_SERVICES_IDENTITY_CARD_CARD_ITEMS_H_
#define PSM_SERVICES_IDENTITY_CARD_CARD_ITEMS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "certs/certificate_profile.h"
#include "mesh/crypto/certificate.h"

namespace psm::card {

struct CardItems {
  std::string name;        // 氏名
  std::string address;     // 住所
  std::string birth_date;  // 生年月日, YYYY-MM-DD
  int sex = 0;             // 性別, ISO/IEC 5218
};

// As names of a certificate, under the object identifiers of JPKI's profile:
// 1.2.392.200149.8.5.5.1 name, .3 sex, .4 date of birth, .5 address. The date
// is written EYYYYMMDD: E is the era (1 Meiji to 5 Reiwa), the rest the
// Gregorian date. INVALID_ARGUMENT for a date that is none, or before 1873,
// when Japan took the Gregorian calendar; for an empty name or address.
absl::StatusOr<std::vector<pki::OtherName>> NamesOf(const CardItems& items);

// The reverse, from a certificate whose issuer was verified. INVALID_ARGUMENT
// where one of the four is missing, occurs twice or is not of its form.
absl::StatusOr<CardItems> ItemsOf(const Certificate& certificate);

// The card's serial: the one serialNumber of a subject that has nothing else;
// "" for any other certificate.
std::string CardSerialOf(const Certificate& certificate);

// Whether a person of that birth date has turned `years` by `today`. Whoever
// was born on 29 February turns on 1 March here. False for a date that is none.
bool HasTurned(int years, absl::string_view birth_date, absl::CivilDay today);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_CARD_ITEMS_H_
