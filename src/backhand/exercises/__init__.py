"""The built-in layers as exercises: files in the convention of a course, whose bodies students write."""
