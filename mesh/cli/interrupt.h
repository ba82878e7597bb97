// Ctrl-C, for verbs that wait.
#ifndef PSM_MESH_CLI_INTERRUPT_H_
#define PSM_MESH_CLI_INTERRUPT_H_

#include <atomic>

namespace psm {

// Set by Ctrl-C, SIGTERM, or the terminal's end (SIGHUP) once
// ListenForInterrupts was called.
extern std::atomic<bool> interrupted;

// From now on these signals end waits instead of the process.
void ListenForInterrupts();

}  // namespace psm

#endif  // PSM_MESH_CLI_INTERRUPT_H_
