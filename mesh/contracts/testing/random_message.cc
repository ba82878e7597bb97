#include "mesh/contracts/testing/random_message.h"

#include <cstdint>
#include <string>

#include "google/protobuf/descriptor.h"

namespace psm {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

class Filler {
 public:
  explicit Filler(std::mt19937_64& random) : random_(random) {}

  void Fill(Message* message, int depth) {
    const auto& type = *message->GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor* field = type.field(i);
      if (random_() % 3 == 0) continue;
      // Setting a member of a oneof clears the others.
      const int times =
          field->is_repeated() ? static_cast<int>(random_() % 4) : 1;
      for (int n = 0; n < times; ++n) Set(message, field, depth);
    }
  }

 private:
  std::uint64_t Number() {
    switch (random_() % 4) {
      case 0:
        return 0;
      case 1:
        return ~std::uint64_t{0};
      default:
        return random_() >> random_() % 64;
    }
  }

  std::string Text() {
    static constexpr const char* kPieces[] = {"a",          "山田",       "é",
                                              "\U0001f600", "0123456789", ""};
    std::string text;
    for (std::uint64_t n = random_() % 12; n > 0; --n)
      text += kPieces[random_() % std::size(kPieces)];
    return text;
  }

  void Set(Message* message, const FieldDescriptor* field, int depth) {
    const Reflection& r = *message->GetReflection();
    const bool many = field->is_repeated();
    const std::uint64_t number = Number();
    switch (field->cpp_type()) {
#define PSM_SET_NUMBER_(TYPE, NAME, C_TYPE)                          \
  case FieldDescriptor::TYPE:                                        \
    many ? r.Add##NAME(message, field, static_cast<C_TYPE>(number))  \
         : r.Set##NAME(message, field, static_cast<C_TYPE>(number)); \
    return;
      PSM_SET_NUMBER_(CPPTYPE_INT32, Int32, std::int32_t)
      PSM_SET_NUMBER_(CPPTYPE_INT64, Int64, std::int64_t)
      PSM_SET_NUMBER_(CPPTYPE_UINT32, UInt32, std::uint32_t)
      PSM_SET_NUMBER_(CPPTYPE_UINT64, UInt64, std::uint64_t)
      PSM_SET_NUMBER_(CPPTYPE_DOUBLE, Double, double)
      PSM_SET_NUMBER_(CPPTYPE_FLOAT, Float, float)
      PSM_SET_NUMBER_(CPPTYPE_BOOL, Bool, bool)
      PSM_SET_NUMBER_(CPPTYPE_ENUM, EnumValue, int)
#undef PSM_SET_NUMBER_
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = field->type() == FieldDescriptor::TYPE_BYTES
                                     ? Text() + "\xff"
                                     : Text();
        many ? r.AddString(message, field, text)
             : r.SetString(message, field, text);
        return;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth > 0)
          Fill(many ? r.AddMessage(message, field)
                    : r.MutableMessage(message, field),
               depth - 1);
        return;
    }
  }

  std::mt19937_64& random_;
};

}  // namespace

void FillAtRandom(Message* message, std::mt19937_64& random, int depth) {
  Filler(random).Fill(message, depth);
}

}  // namespace psm
