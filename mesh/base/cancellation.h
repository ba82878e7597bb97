// Why a call must stop, and who wants to hear of it. Belongs to one thread.
#ifndef PSM_MESH_BASE_CANCELLATION_H_
#define PSM_MESH_BASE_CANCELLATION_H_

#include <list>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace psm {

// Cancelled at most once: by the deadline (DEADLINE_EXCEEDED), by the client
// (CANCELLED) or by the process going down (UNAVAILABLE). Thread-compatible:
// all use is on the thread that owns the call.
class Cancellation {
 public:
  using Hooks = std::list<absl::AnyInvocable<void(const absl::Status&)>>;

  // Calls a function when the call is cancelled, as long as this object lives.
  // If the call is cancelled already, it is called at once, inside the
  // constructor.
  class Hook {
   public:
    Hook(Cancellation& cancellation,
         absl::AnyInvocable<void(const absl::Status&)> function)
        : hooks_(cancellation.hooks_) {
      if (cancellation.cancelled()) {
        function(cancellation.reason_);
        return;
      }
      hooks_.push_front(std::move(function));
      place_ = hooks_.begin();
      placed_ = true;
    }
    ~Hook() {
      if (placed_) hooks_.erase(place_);
    }
    Hook(const Hook&) = delete;
    Hook& operator=(const Hook&) = delete;

   private:
    Hooks& hooks_;
    Hooks::iterator place_;
    bool placed_ = false;
  };

  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  bool cancelled() const { return !reason_.ok(); }
  const absl::Status& reason() const {
    return reason_;
  }  // OK while not cancelled

  // Sets the reason and calls the hooks, once each; later calls do nothing. A
  // hook may destroy other hooks, and itself.
  void Cancel(absl::Status reason) {
    if (cancelled()) return;
    reason_ = std::move(reason);
    while (!hooks_.empty()) {
      // The function leaves its node first; the node stays until its Hook
      // removes it, at the end of the list.
      auto node = hooks_.begin();
      auto function = std::move(*node);
      if (!function) break;  // only nodes already called are left
      *node = nullptr;
      hooks_.splice(hooks_.end(), hooks_, node);
      function(reason_);
    }
  }

 private:
  absl::Status reason_;
  Hooks hooks_;  // those to be called first, those already called behind them
};

}  // namespace psm

#endif  // PSM_MESH_BASE_CANCELLATION_H_
