/** Columns that the header of a log may name; a header with more is not believed. */
export const MAX_LOG_COLUMNS = 1024;
