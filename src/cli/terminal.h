#pragma once

#include <cstddef>

namespace shoal::cli {

// What the process is connected to.

bool stdin_is_terminal();
bool stdout_is_terminal();
/// A file, or a device such as /dev/null: nobody sees what is written there.
bool stdout_is_file();
/// One that understands redrawing.
bool stderr_is_terminal();
/// Columns and rows of the terminal at stderr; 80 and 24 when it does not say.
std::size_t terminal_width();
std::size_t terminal_height();

/// From now on the terminal at stdin gives keys as they are typed, and shows none of them; Ctrl-C
/// and the like keep their meaning.
void take_terminal_keys();
/// As it was before that.
void restore_terminal();

/// Whether a short line can be written to it without waiting for whoever reads; an error is for the
/// writer to meet.
bool takes_a_line(int file);

/// A reader of stdout that goes away ends a write with an error, not the process; and as many files
/// and sockets may be open as the system lets us have.
void prepare_process();

}  // namespace shoal::cli
