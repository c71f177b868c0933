#pragma once

namespace ts::process {

/// Gives the pages of our own code that are resident now back to the page cache: most were needed for the start alone, and a run may
/// last for hours beside hundreds of others. What is needed again comes back without touching the disk.
void give_back_code_pages();

/// Has the allocator give large blocks back to the system as they are freed, and all threads share one heap. To be called before there
/// are other threads.
void keep_heap_small();

}  // namespace ts::process
