#include "mesh/cli/verb.h"

namespace psm {

const char kNotice[] =
    "Unofficial prototype; persons, businesses and numbers are synthetic.\n"
    "非公式の試作です。人物・法人・番号はすべて架空です。";

}  // namespace psm
