"""What kernels are built from: products, frames of zeros, pooling, minimal filtering."""
