"""A network of linear layers as functions, in which samples are columns: X is (features, m) for m samples.

A NAME_forward returns the output and a cache, a NAME_backward takes the gradient of the output and that cache.
The mean over the m samples is taken in linear_backward, for dW and db: the gradients of activations, dA and dZ, are
those of each sample's own cost, without 1/m. The layers are numbered from 1 to L.
"""

import numpy as np


def initialize_parameters_deep(layer_dims):
    """Draw the parameters of a network with the numbers of units layer_dims, the features first.

    Returns a dictionary: W1 (layer_dims[1], layer_dims[0]), b1 (layer_dims[1], 1), W2, b2 and so on.
    """
    parameters = {}
    for layer in range(1, len(layer_dims)):
        n_out, n_in = layer_dims[layer], layer_dims[layer - 1]
        parameters["W" + str(layer)] = np.random.randn(n_out, n_in) / np.sqrt(n_in)
        parameters["b" + str(layer)] = np.zeros((n_out, 1))
    return parameters


# ---- linear ----


def linear_forward(A, W, b):
    """Compute the linear part of a layer.

        Z = W A + b

    A: activations of the layer before (n_in, m). W: weights (n_out, n_in). b: biases (n_out, 1).
    Returns Z (n_out, m), and cache (A, W, b).
    """
    Z = W @ A + b
    cache = (A, W, b)
    return Z, cache


def linear_backward(dZ, cache):
    """Compute the gradients of the linear part, the mean over the samples for the parameters.

    dZ: gradient of each sample's cost (n_out, m). cache: (A_prev, W, b) from linear_forward.
    Returns dA_prev (n_in, m), dW (n_out, n_in) and db (n_out, 1).
    """
    A_prev, W, _ = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = W.T @ dZ
    return dA_prev, dW, db


# ---- relu ----


def relu(Z):
    """Compute the rectifier, A = max(0, Z), for Z of any shape. Returns A, and cache Z."""
    A = np.maximum(0, Z)
    cache = Z
    return A, cache


def relu_backward(dA, cache):
    """Compute the gradient of the rectifier, dZ, in the shape of dA; its slope at 0 is taken as 0. cache: Z."""
    Z = cache
    dZ = dA * (Z > 0)
    return dZ


# ---- sigmoid ----


def sigmoid(Z):
    """Compute the logistic sigmoid, A = 1 / (1 + exp(-Z)), for Z of any shape. Returns A, and cache Z."""
    e = np.exp(-np.abs(Z))  # at most 1, so nothing overflows
    A = np.where(Z >= 0, 1 / (1 + e), e / (1 + e))
    cache = Z
    return A, cache


def sigmoid_backward(dA, cache):
    """Compute the gradient of the sigmoid, dZ, in the shape of dA. cache: Z."""
    Z = cache
    s, _ = sigmoid(Z)
    dZ = dA * s * (1 - s)
    return dZ


# ---- logistic ----


def compute_cost(AL, Y):
    """Compute the binary cross-entropy, in nats.

        cost = - 1/m sum over samples of Y log AL + (1 - Y) log(1 - AL)

    AL: probabilities (1, m). Y: labels 0 or 1 (1, m). Returns cost, a number.
    """
    m = Y.shape[1]
    cost = -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m
    return cost


# ---- network ----


def linear_activation_forward(A_prev, W, b, activation):
    """Compute a layer: its linear part, then its activation, "relu" or "sigmoid".

    A_prev (n_in, m), W (n_out, n_in), b (n_out, 1). Returns A (n_out, m), and cache (linear_cache, activation_cache).
    """
    Z, linear_cache = linear_forward(A_prev, W, b)
    if activation == "sigmoid":
        A, activation_cache = sigmoid(Z)
    else:
        A, activation_cache = relu(Z)
    cache = (linear_cache, activation_cache)
    return A, cache


def linear_activation_backward(dA, cache, activation):
    """Compute the gradients of a layer.

    dA: gradient of each sample's cost (n_out, m). cache: from linear_activation_forward. activation: as there.
    Returns dA_prev (n_in, m), dW (n_out, n_in) and db (n_out, 1).
    """
    linear_cache, activation_cache = cache
    if activation == "sigmoid":
        dZ = sigmoid_backward(dA, activation_cache)
    else:
        dZ = relu_backward(dA, activation_cache)
    dA_prev, dW, db = linear_backward(dZ, linear_cache)
    return dA_prev, dW, db


def L_model_forward(X, parameters):
    """Compute the network: L - 1 layers with relu, then one with sigmoid.

    X: samples (features, m). parameters: from initialize_parameters_deep.
    Returns AL (1, m), the probabilities, and caches, a list of the caches of all layers.
    """
    caches = []
    A = X
    L = len(parameters) // 2
    for layer in range(1, L):
        W, b = parameters["W" + str(layer)], parameters["b" + str(layer)]
        A, cache = linear_activation_forward(A, W, b, "relu")
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    caches.append(cache)
    return AL, caches


def L_model_backward(AL, Y, caches):
    """Compute all gradients of the cost, from the last layer to the first.

    AL: probabilities (1, m). Y: labels (1, m). caches: from L_model_forward.
    Returns a dictionary: dW1, db1, ... are gradients of the cost, and dA0, dA1, ... those of each sample's own cost.
    """
    grads = {}
    L = len(caches)
    Y = Y.reshape(AL.shape)
    dAL = -(Y / AL - (1 - Y) / (1 - AL))
    dA_prev, dW, db = linear_activation_backward(dAL, caches[L - 1], "sigmoid")
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = dA_prev, dW, db
    for layer in reversed(range(1, L)):
        dA_prev, dW, db = linear_activation_backward(grads["dA" + str(layer)], caches[layer - 1], "relu")
        grads["dA" + str(layer - 1)], grads["dW" + str(layer)], grads["db" + str(layer)] = dA_prev, dW, db
    return grads


def update_parameters(params, grads, learning_rate):
    """Make a step of gradient descent.

        W = W - learning_rate dW              b = b - learning_rate db

    params: W1, b1 and so on, which stay as they are. grads: from L_model_backward. Returns the new parameters.
    """
    parameters = {}
    for layer in range(1, len(params) // 2 + 1):
        for name in ("W" + str(layer), "b" + str(layer)):
            parameters[name] = params[name] - learning_rate * grads["d" + name]
    return parameters
