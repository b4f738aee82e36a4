"""What an argument is for, told by its name: the table of names that people give to the arguments of layers.

A role says only what to try first. Whether it is right shows when the person's code runs.
"""

from backhand.check.reading.words import words

# Each role with the names that mean it, in lower case and without underscores.
_NAMES: dict[str, str] = {
    "x": """
        x xs input inputs in inp data a aprev z zs h hs features feature image images img samples batch u v
        net xin activation activations linear inputtensor tensor inx previnput prevactivation preact
        preactivation feats inputdata xbatch bottom layerinput value s inpt a0
    """,
    "scores": """
        scores score logits logit preds pred predictions prediction predicts ypred yhat outputs output probs
        prob probabilities al yp ypreds ys predicted hypothesis netout o out
    """,
    "labels": """
        y t target targets label labels ytrue groundtruth truth gt classes targetindex yonehot onehot
        goal goals trueclass ytrain answers yreal expected ylabel yact desired
    """,
    "dy": """
        dy dout dz da grad grads gradient gradients gradoutput gradoutputs outputgrad outputgradient delta
        deltas dldy dldz dlda upstream upstreamgrad upstreamgradient gradz grady gradwrtoutput
        gradswrtoutputs gradsoutput outgrad outgrads ingrad ingrads igrads dnext douts dl error err errors g
        dldout dx2 gradout topdiff topgrad gradwrtoutputs accumgrad dprev dvalues dinputs dvals eta nextgrad
        outputerror doutput backgrad dlogits dscores dact upgrad prevgrad gradin gradinput dh derrors dzout
        gradnext ograd ograds gradientoutput doutdx nextdelta outputgrads dloss dldoutput dldhat residual
        cotangent cotangents ct xcotangent ycotangent
    """,
    "w": """
        w weight weights theta kernel kernels filter filters f wx k ws embedding embeddings emb wmat wemb
        omega coef
    """,
    "b": """
        b bias biases bs beta0 intercept bia
    """,
    "gamma": """
        gamma scale gammas gain bw
    """,
    "beta": """
        beta shift betas offset bb
    """,
    "prev_h": """
        prevh h0 hprev aprev0 a0 ht1 hiddenprev hidden prevhidden hprevious lasth hprevt
    """,
    "prev_c": """
        prevc c0 cprev cellprev prevcell
    """,
    "wh": """
        wh waa whh u uh wrec whidden
    """,
    "cache": """
        cache caches mem saved context ctx residuals res state store tape saveds fwdcache
    """,
    "mask": """
        mask masks dropoutmask
    """,
    "p": """
        p drop dropout dropoutratio dropoutrate droprate dropprob dropoutprob rate prob keepprob keep pkeep
        pdrop ratio inclprob dropoutp probability keeprate dropoutprobability keepprobability pdropout
        dratio
    """,
    "train": """
        train training istrain istraining trainflg trainflag stochastic trainmode istrainable trainingmode
        trainphase phase
    """,
    "test": """
        test istest evaluate eval inference testmode
    """,
    "mode": """
        mode pooltype poolmode poolingtype poolingmode
    """,
    "stride": """
        stride strides s step steps upsamplingfactor scalefactor upscalefactor
    """,
    "padding": """
        pad padding pads padtype padsize paddings
    """,
    "window": """
        kernelsize filtersize k kernel kernelshape poolsize window windowsize size pool f ksize ks
        filtershape kernelwidth fsize fs convsize poolshape kshape filterdim kerneldim ws poolingsize wsize
    """,
    "window_h": """
        poolheight poolh kh hh fh filterheight kernelheight windowheight filterh ph kernelh
    """,
    "window_w": """
        poolwidth poolw kw ww fw filterwidth kernelw windowwidth filterw pw kerneldim2
    """,
    "stride_h": """
        strideh sh stridey strideheight
    """,
    "stride_w": """
        stridew sw stridex stridewidth
    """,
    "in": """
        idim indim1 inputlayersize inputlayer inputnodes nin indim infeatures inputsize inputdim innum
        inunits ninput ninputs in inputfeatures inputs insize fanin inputunits inputchannels d dim din
        inchannels inchannel numinput numinputs inputlen nx indepth inputdepth ni infeats numfeatures
        features nfeatures inchans numin sizein inputchannel nchannels channels numchannels channelsin
        channelin inputnum inputlength prevsize inch cin size inplanes nfeature insz channel nch inc
        neuronsin nprev insizes numchannel units ninputfeatures depth indims
    """,
    "sizes": """
        layerspecs layerspec sizes layersizes layerdims layersdims dimensions layers layerssizes
        architecture arch structure topology dims nnarchitecture layout layersize units sizelist layerssize
    """,
    "hidden": """
        hiddensize hiddendim hiddendims hiddenlayersize hiddenunits nhidden numhidden hidden hiddenlayers
        hiddens hiddensizes hiddenlayer1size hiddenlayersizes nhid hid hiddennodes hiddenlayer hidunits nh
        numhiddenunits hiddenneurons
    """,
    "neurons": """
        neurons
    """,
    "activations": """
        activations
    """,
    "params": """
        params parameters nnparams theta weights thetas flat w paramvector initialnnparams nnparam
    """,
    "out": """
        odim nout outdim outfeatures outputsize outputdim outnum outunits noutput noutputs out
        outputfeatures outputs outsize fanout hiddenunits m nunits units outchannels outchannel numoutput
        numoutputs outputlen ny outdepth nfilters numfilters filters outchans numout sizeout outputchannel
        channelsout outputunits neurons numkernels no numneurons nneurons outputnum outputlength hiddensize
        hiddendim nhidden numhidden h outch cout width kernels outplanes dout outsz numunits nkernels outc
        neuronsout nodes nnodes nummaps outputchannels outdims nf outputshape oshape
    """,
    "classes": """
        outputlayersize outputlayer outputnodes outputsize outputdim numlabels numlabel maxclasses
        numclasses nclasses k c classcount outputclasses
    """,
    "eps": """
        eps epsilon e
    """,
    "slope": """
        slope alpha negativeslope leak leakyslope a negslope leakiness leakyalpha
    """,
    "momentum": """
        momentum mom decay alpha0 alpha
    """,
    "reg": """
        reg lmbda lambda lambd l2 weightdecay regularization lam regularizationstrength l2reg regstrength
        weightdecaylambda l2lambda wd regparam lammba
    """,
    "activation": """
        activation activationfunction act activationtype nonlinearity activationfunc actfn activationfn
        activationname func function actfunc
    """,
    "pools": """
        maxpools
    """,
    "optimizer": """
        optimizer optim opt optimiser
    """,
    "count": """
        epochs numepochs nepochs epoch iterations numiterations niter maxiter numiters batchsize
        minibatchsize patience
    """,
    "flag": """
        verbose debug shuffle plot graph earlystop
    """,
    "axis": """
        axis dim
    """,
    "first_axis": """
        startdim startaxis firstaxis
    """,
    "margin": """
        margin
    """,
    "groups": """
        groups g numgroups
    """,
    "lr": """
        lr learningrate eta alpha rate stepsize
    """,
    "seed": """
        seed randomseed randomstate
    """,
    "name": """
        name layername id layerid label tag
    """,
    "init": """
        initializer initialization init weightinit initializemethod initmethod weightinitializer winit
        kernelinitializer biasinitializer weightsinitializer wstd initstd std weightscale scale initscale
        weightinitfn biasinitfn sigma
    """,
    "model": """
        model network net
    """,
    "running_mean": """
        runningmean movingmean runmean meanrun runningavgmean runningmu globalmean expmean averagemean
        runningm runmu movmean mvmean popmean runningavg runningaverage avgmean meanavg movingavgmean
        meanrunning
    """,
    "running_var": """
        runningvar runningvariance movingvar movingvariance runvar runningv popvar globalvar averagevar
        runningsigma avgvar varavg movvar movingavgvar varrunning runvariance
    """,
    "height": """
        inputheight inheight imgheight imageheight hin inputh inputdim1 imagedim1 inh heightin inputdimh
    """,
    "width": """
        inputwidth inwidth imgwidth imagewidth win inputw inputdim2 imagedim2 inw widthin inputdimw
    """,
    "key": """
        key rngkey prngkey randomkey
    """,
    "share_across_batch": """
        shareacrossbatch sharemask samemask sharedmask
    """,
    "rng": """
        rng randomgenerator randomnumbergenerator
    """,
    "children": """
        modules modulelist layerlist listoflayers sublayers blocks layers
    """,
    "shape": """
        inputshape shape inshape xshape indims inputdims ishape
    """,
}
ROLES = tuple(_NAMES)
_BY_NAME: dict[str, tuple[str, ...]] = {}
for _role, _spelled in _NAMES.items():
    for _name in _spelled.lower().split():
        _BY_NAME[_name] = (*_BY_NAME.get(_name, ()), _role)


def roles(name: str) -> tuple[str, ...]:
    """The roles that an argument of this name may have, the likeliest first; empty for a name that says nothing.

    Numbers at the end of a name are dropped: `W1` has the role of `W`.
    """
    bare = name.lower().replace("_", "")
    for text in (bare, bare.rstrip("0123456789")):
        if text in _BY_NAME:
            return tuple(dict.fromkeys(_BY_NAME[text]))
    return _by_words(name)


def _by_words(name: str) -> tuple[str, ...]:
    """The roles that the words of a longer name suggest, the last words first: they are what English names end with."""
    pieces = words(name)
    if pieces and (pieces[0] in ("d", "grad", "delta", "dl", "dld") or "grad" in name.lower()):
        return ("dy",)
    suggested: list[str] = []
    for start in range(1, len(pieces)):
        suggested += _BY_NAME.get("".join(pieces[start:]), ())
    for stop in range(len(pieces) - 1, 0, -1):
        suggested += _BY_NAME.get("".join(pieces[:stop]), ())
    return tuple(dict.fromkeys(suggested))


def has_role(name: str, role: str) -> bool:
    """Whether an argument of this name may have the role."""
    return role in roles(name)
