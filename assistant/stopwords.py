"""Words that say nothing of what a question is about; for keyword search, drafting and coverage alike."""

STOP_WORDS = frozenset(
    """a about above after again all also although am an and another any anyone anything are as at be because been
    before being below between both but by came can come could did do does doing done don down during each either else
    ever every few for from further get gets getting give given go goes going gone got had has have having he hello help
    her here hers hi him his how however i if in instead into is it its itself just know let like ll look looking made
    make many may maybe me might mine more most much must my myself need needs no nor not now of off often on once one
    only onto or other our ours out over own per please possible put quite rather re really same say says see seem seems
    set shall she should since so some someone something still such sure take than thank thanks that the their theirs
    them then there these they thing things this those though through thus till to too try trying under until up upon us
    use used using ve very via want wanted wants was way we well went were what when where whether which while who whom
    whose why will with within without would yes yet you your yours yourself""".split()
)
