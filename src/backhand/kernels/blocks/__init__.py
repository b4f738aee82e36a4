"""What kernels are built from: contractions, frames of zeros, pooling, statistics, minimal filtering."""
