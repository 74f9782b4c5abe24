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

/// Whether a short line can be written to it without waiting for whoever reads; an error is for the
/// writer to meet.
bool takes_a_line(int file);

/// A reader of stdout that goes away ends a write with an error, not the process; and as many files
/// and sockets may be open as the system lets us have.
void prepare_process();

}  // namespace shoal::cli
