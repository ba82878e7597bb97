// Methods of the gateway's own whose records are not like an exchange's.
#ifndef PSM_MESH_RECORDS_RECORDED_METHODS_H_
#define PSM_MESH_RECORDS_RECORDED_METHODS_H_

namespace psm {

// Of a disclosure the record's consumer learns, and its provider has asked.
inline constexpr char kDiscloseMethod[] =
    "psm.disclosure.v1.DisclosureService/Disclose";
// Of a life event the record is its delivery, for which nobody has asked.
inline constexpr char kSubscribeMethod[] =
    "psm.events.v1.EventsService/Subscribe";

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECORDED_METHODS_H_
