// Where the legs of a linkage wait for one another, so that what is released
// together is looked at together. Knows no legs.
#ifndef PSM_MESH_EXCHANGE_LEG_GATE_H_
#define PSM_MESH_EXCHANGE_LEG_GATE_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "mesh/base/task.h"

namespace psm {

// Opens when every leg has come to it or has ended. Belongs to one thread;
// outlives its legs.
class LegGate {
 public:
  explicit LegGate(std::size_t legs) : missing_(legs) {}
  LegGate(const LegGate&) = delete;
  LegGate& operator=(const LegGate&) = delete;

  // One leg's way through: whoever ends before the gate counts as having come.
  class Pass {
   public:
    // Null: an exchange on its own, which waits for nobody.
    explicit Pass(LegGate* gate) : gate_(gate) {}
    ~Pass() {
      if (gate_ != nullptr) gate_->Arrive(nullptr);
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

    bool needed() const { return gate_ != nullptr; }
    // Sets `open`, which must stay until then, once the gate is open. Call
    // once, where needed.
    void Await(Completion<bool>* open) {
      std::exchange(gate_, nullptr)->Arrive(open);
    }

   private:
    LegGate* gate_;
  };

 private:
  // Null: has ended.
  void Arrive(Completion<bool>* open) {
    if (open != nullptr) waiting_.push_back(open);
    if (--missing_ != 0) return;
    // Whoever goes on may end the linkage, and this gate with it, but for the
    // leg that came last: it is still here.
    for (Completion<bool>* one : std::exchange(waiting_, {})) one->Set(true);
  }

  std::size_t missing_;  // legs
  std::vector<Completion<bool>*> waiting_;
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_LEG_GATE_H_
