// Messages with random contents, for the tests.
#ifndef PSM_MESH_CONTRACTS_TESTING_RANDOM_MESSAGE_H_
#define PSM_MESH_CONTRACTS_TESTING_RANDOM_MESSAGE_H_

#include <random>

#include "google/protobuf/message.h"

namespace psm {

// Sets some of the fields, at most `depth` levels deep, with extreme values
// among others. Strings are UTF-8 and do not begin with '!'.
void FillAtRandom(google::protobuf::Message* message, std::mt19937_64& random,
                  int depth);

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_TESTING_RANDOM_MESSAGE_H_
