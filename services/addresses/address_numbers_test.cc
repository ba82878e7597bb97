#include "services/addresses/address_numbers.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace psm::addresses {
namespace {

struct NumbersCase {
  const char* written;
  const char* numbers;  // joined by spaces
  const char* rest;     // of the key
};

class AddressNumbersTest : public testing::TestWithParam<NumbersCase> {};

TEST_P(AddressNumbersTest, AreReadUpToTheBuilding) {
  const AddressText text = *ReadAddressText(GetParam().written);
  std::string numbers;
  std::size_t end = 0;
  for (const AddressNumber& number : ReadAddressNumbers(text, 0, 3)) {
    absl::StrAppend(&numbers, numbers.empty() ? "" : " ", number.value);
    EXPECT_LT(number.begin, number.end);
    end = number.end;
  }
  EXPECT_EQ(numbers, GetParam().numbers);
  EXPECT_EQ(text.key.substr(end), GetParam().rest);
}

INSTANTIATE_TEST_SUITE_P(
    Writings, AddressNumbersTest,
    testing::Values(NumbersCase{"2丁目3番4号", "2 3 4", ""},
                    NumbersCase{"二丁目三番四号", "2 3 4", ""},
                    NumbersCase{"2-3-4", "2 3 4", ""},
                    NumbersCase{"２－３－４", "2 3 4", ""},
                    NumbersCase{"2ー3ー4", "2 3 4", ""},
                    NumbersCase{"2の3の4", "2 3 4", ""},
                    NumbersCase{"2丁目3-4", "2 3 4", ""},
                    NumbersCase{"2丁目-3-4", "2 3 4", ""},
                    NumbersCase{"2丁目 3番 4号", "2 3 4", ""},
                    NumbersCase{"2丁目3番地の4", "2 3 4", ""},
                    NumbersCase{"2丁3番4", "2 3 4", ""},
                    NumbersCase{"2-3-4-201", "2 3 4", "201"},
                    NumbersCase{"2-3-4 201", "2 3 4", "201"},
                    NumbersCase{"2-3-4コーポ架空", "2 3 4", "コーポ架空"},
                    NumbersCase{"2-3 4階", "2 3", "4階"},
                    NumbersCase{"2-3-201号室", "2 3", "201号室"},
                    NumbersCase{"2-3-5F", "2 3", "5f"},
                    NumbersCase{"1 2 3", "1", "23"},
                    NumbersCase{"123456", "", "123456"},
                    NumbersCase{"", "", ""}, NumbersCase{"番地", "", "番地"},
                    NumbersCase{"3-", "3", "-"},
                    NumbersCase{"3番館", "3", "館"}));

}  // namespace
}  // namespace psm::addresses
