// What a system has kept of its exchanges, for this folder's tests.
#ifndef PSM_MESH_AGENCY_TEST_SIDE_H_
#define PSM_MESH_AGENCY_TEST_SIDE_H_

#include <vector>

#include "gtest/gtest.h"
#include "mesh/records/side_ledger.h"

namespace psm::agency {

// But for what is no exchange; oldest first.
inline std::vector<records::v1::SideEntry> Entries(const SideLedger& ledger) {
  std::vector<records::v1::SideEntry> entries;
  EXPECT_TRUE(
      ReadSide(ledger.folder(), {},
               [&](const records::v1::SideEntry& entry, const SidePosition&) {
                 if (entry.kind() != records::v1::SideEntry::BEGUN)
                   entries.push_back(entry);
                 return true;
               })
          .ok());
  return entries;
}

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_TEST_SIDE_H_
