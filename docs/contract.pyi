"""The public contract, written by `make docs` from the code; more may be added, nothing taken away."""

class Action(StrEnum):
    BUY = 'BUY'
    SELL = 'SELL'
    CLOSE = 'CLOSE'
    HOLD = 'HOLD'

class AdvancedExecutionEngine(LiveExecutionEngine):
    ...

AnyRefusal = AmbiguousSizeRefused | AuthRefused | BalanceRefused | ClockRefused | CollarRefused | DriftRefused | ExpiredRefused | ExposureRefused | IdConflictRefused | ImpactRefused | InvalidRefused | LeverageRefused | LiquidationRefused | MarketStateRefused | MinimumRefused | NotAcceptedRefused | OrderSizeRefused | PreviewRefused | RateRefused | ReducibleRefused | SelfCrossRefused | SlippageRefused | StaleMarkRefused | StoreRefused | TradingStateRefused | UnknownOutcomeRefused | UnknownSymbolRefused | VenueInsufficientFundsRefused | VenueOtherRefused | VenuePostOnlyRefused | VenueRateRefused | VenueReduceOnlyRefused | VenueUnreachableRefused | VenueWouldTriggerRefused

class Broker(EnginePort, MarketDataPort, AccountPort, Protocol):
    ...

class Decision(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    action: Action
    decision_id: str = field(default_factory=_draw_id)
    target_notional: Decimal | None = None
    quantity: Decimal | None = None
    leverage: Decimal | None = None
    reduce_only: bool = False
    reason: str = ''
    order_type: OrderType | None = None
    limit_price: Decimal | None = None
    stop_trigger: Decimal | None = None
    time_in_force: TimeInForce | None = None
    expire_at: datetime | None = None
    post_only: bool = False
    valid_until: datetime | None = None
    reference_price: Decimal | None = None
    max_drift_bps: Decimal | None = None
    strategy_id: str = ''
    decided_at: datetime | None = field(default_factory=_decided_now)
    trail: Decimal | None = None
    trigger_source: TriggerSource | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    algorithm: Algorithm | None = None
    display_quantity: Decimal | None = None

class EnginePort(Protocol):

    @property
    def capabilities(self) -> EngineCapabilities:
        ...

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        ...

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        ...

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        ...

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        ...

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        ...

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        ...

    def reports(self) -> AsyncIterator[VenueReport]:
        ...

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        ...

class ExecutionCoordinator:

    def __init__(self, *, placement: OrderPlacementService, engine_factory: Callable[[], ExecutionEngine], supervisor_factory: Callable[[], ExecutionRuntimeSupervisor], reduce_only_mode: bool=False, default_time_in_force: TimeInForce | None=None, running_flag: RunningFlag | None=None) -> None:
        ...

    def init_execution(self) -> None:
        ...

    def close(self) -> None:
        ...

    @property
    def is_over(self) -> bool:
        ...

    @property
    def engine(self) -> ExecutionEngine:
        ...

    @property
    def supervisor(self) -> ExecutionRuntimeSupervisor:
        ...

    async def execute_decision(self, symbol: str, decision: Decision, mark: Mark | Decimal | None=None, product: Product | None=None, position_state: Position | None=None) -> PlacementResult:
        ...

    async def close_as_operator(self, symbol: str, decision: Decision, *, override_unknown: bool=False) -> PlacementResult:
        ...

    async def drain(self, clock: ClockPort, seconds: float) -> None:
        ...

    async def plan(self, symbol: str, decision: Decision) -> Result[Plan, AnyRefusal]:
        ...

    async def run_runtime_guards(self) -> None:
        ...

    async def run_order_reconciliation(self, interval_seconds: float=45) -> None:
        ...

    def reset_order_reconciler(self) -> None:
        ...

class ExecutionEngineFactory:

    @staticmethod
    def parse_slippage_multipliers(raw: str | None=None) -> dict[str, float]:
        ...

    @staticmethod
    def should_use_advanced_engine(risk_manager: RiskManager) -> bool:
        ...

    @staticmethod
    def create_impact_estimator(broker: Broker, risk_manager: RiskManager) -> ImpactEstimator:
        ...

    @staticmethod
    def scale_slippage(risk_manager: RiskManager, slippage_multipliers: Mapping[str, float | Decimal] | None=None) -> RiskManager:
        ...

    @staticmethod
    def create_engine(*, broker: Broker, risk_manager: RiskManager, event_store: OrderStorePort | None=None, bot_id: str='', enable_preview: bool=False, slippage_multipliers: Mapping[str, float | Decimal] | None=None) -> LiveExecutionEngine:
        ...

class ExecutionRuntimeSupervisor:

    def __init__(self, *, exec_engine: ExecutionEngine, order_reconciler_factory: Callable[[], OrderReconciler], guard_watch: GuardWatch | None=None, resolver: OrderResolver | None=None, canceler: Canceler | None=None, refused_watch: RefusedWatch | None=None, resender: OrderResender | None=None, pulse: Pulse | None=None, clock: ClockPort | None=None, intervals: SupervisorIntervals | None=None) -> None:
        ...

    @property
    def reconciler(self) -> OrderReconciler:
        ...

    def reset_order_reconciler(self) -> None:
        ...

    def wake_guards(self) -> None:
        ...

    def rest_guards(self) -> None:
        ...

    async def run_runtime_guards(self, running_flag: RunningFlag) -> None:
        ...

    async def run_order_reconciliation(self, running_flag: RunningFlag, interval_seconds: float=45) -> None:
        ...

    async def check_in_flight(self, age_seconds: float) -> None:
        ...

    async def send_prepared(self, *order_ids: ClientOrderId) -> None:
        ...

    async def reconcile_once(self, *, report_only: bool=False, adoption: Adoption | None=None) -> ReconciliationReport:
        ...

    @property
    def guard_watch(self) -> GuardWatch:
        ...

    @property
    def canceler(self) -> Canceler:
        ...

    @property
    def refused_watch(self) -> RefusedWatch:
        ...

    @property
    def resolver(self) -> OrderResolver:
        ...

class LiveExecutionEngine:

    def __init__(self, *, broker: Broker, risk_manager: RiskManager, event_store: OrderStorePort | None=None, bot_id: str='', enable_preview: bool=False, impact_estimator: ImpactEstimator | None=None) -> None:
        ...

    def review(self, order: Order, view: ReviewView) -> ApprovedOrder | AnyRefusal:
        ...

    def assess(self, order: Order, view: ReviewView) -> Assessment:
        ...

class Mark(Struct, frozen=True, gc=False):
    price: Decimal
    at: datetime

class NoOrderNeeded(Struct, frozen=True, kw_only=True):
    decision_id: str
    reason: str
    plan: 'Plan | None' = None

class OrderPlaced(Struct, frozen=True, gc=False, kw_only=True):
    order: OrderRecord
    changes: tuple[TermsChange, ...] = ()
    is_repeat: bool = False

class OrderPlacementService:

    def __init__(self, *, orders_store: OrderStorePort, order_stats: OrderStats, broker: Broker, dry_run: bool=False, clock: ClockPort | None=None, desk: AccountDesk | None=None, engine_port: EnginePort | None=None, sender: OrderSender | None=None, closer: Closer | None=None) -> None:
        ...

    async def execute_decision(self, *, symbol: str, decision: Decision, mark: Mark | Decimal | None=None, product: Product | None=None, position_state: Position | None=None, exec_engine: ExecutionEngine, reduce_only_mode: bool=False, default_time_in_force: TimeInForce | None=None, by_operator: bool=False, override_unknown: bool=False) -> PlacementResult:
        ...

    async def execute(self, one: Execution) -> PlacementResult:
        ...

    async def plan(self, *, symbol: str, decision: Decision, exec_engine: ExecutionEngine, default_time_in_force: TimeInForce | None=None, reduce_only_mode: bool=False) -> Result[Plan, AnyRefusal]:
        ...

class OrderReconciler:

    def __init__(self, desk: AccountDesk, venue: EnginePort, account: AccountPort, resolver: OrderResolver) -> None:
        ...

    def diff(self) -> tuple[Difference, ...]:
        ...

    def snapshot(self) -> ReconciliationReport | None:
        ...

    async def reconcile_once(self, *, report_only: bool=False, adoption: Adoption | None=None) -> ReconciliationReport:
        ...

class OrderSide(StrEnum):
    BUY = 'BUY'
    SELL = 'SELL'

    @property
    def sign(self) -> int:
        ...

    @property
    def opposite(self) -> 'OrderSide':
        ...

class OrderStats(Mapping[str, int]):

    def __init__(self) -> None:
        ...

    def __getitem__(self, name: str) -> int:
        ...

    def __iter__(self) -> Iterator[str]:
        ...

    def __len__(self) -> int:
        ...

class OrderStatus(StrEnum):
    PREPARED = 'PREPARED'
    SENDING = 'SENDING'
    UNKNOWN = 'UNKNOWN'
    REFUSED = 'REFUSED'
    ACCEPTED = 'ACCEPTED'
    PARTIALLY_FILLED = 'PARTIALLY_FILLED'
    PENDING_CANCEL = 'PENDING_CANCEL'
    PENDING_AMEND = 'PENDING_AMEND'
    EXPIRED = 'EXPIRED'
    CANCELED = 'CANCELED'
    FILLED = 'FILLED'

class OrderStorePort(Protocol):

    @property
    def account_id(self) -> str:
        ...

    @property
    def epoch(self) -> int:
        ...

    async def load(self) -> StoredAccount:
        ...

    async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
        ...

    async def commit(self, step: Step) -> CommitOutcome:
        ...

    def append(self, step: Step) -> None:
        ...

    async def flush(self) -> CommitOutcome:
        ...

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        ...

    async def write_start_marks(self, marks: StartMarks) -> CommitOutcome:
        ...

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        ...

    async def find_order(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        ...

    async def orders(self, *, limit: int=100, open_only: bool=False, symbol: str='') -> Sequence[OrderRecord]:
        ...

    async def fills(self, *, limit: int=100, symbol: str='') -> Sequence[Fill]:
        ...

    async def journal(self, *, after: int=0, limit: int=1000) -> Sequence[JournalRow]:
        ...

    async def requests(self) -> Sequence[InboxRequest]:
        ...

    async def answer(self, answer: InboxAnswer) -> CommitOutcome:
        ...

class OrderType(StrEnum):
    MARKET = 'MARKET'
    LIMIT = 'LIMIT'
    STOP = 'STOP'
    STOP_LIMIT = 'STOP_LIMIT'
    TAKE_PROFIT = 'TAKE_PROFIT'
    TRAILING_STOP = 'TRAILING_STOP'

class Plan(Struct, frozen=True, kw_only=True):
    order: Order | None
    reason: str
    verdicts: tuple[CheckVerdict, ...] = ()
    changes: tuple[TermsChange, ...] = ()
    expected_price: Decimal | None = None
    worst_price: Decimal | None = None
    cost: Decimal | None = None
    cost_currency: str = ''
    fees: Decimal | None = None
    margin_after: Decimal | None = None
    position_after: Decimal | None = None

class Position(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    symbol: str
    quantity: Decimal = ZERO
    entry_price: Decimal | None = None
    realized_pnl: Decimal = ZERO
    fees: Decimal = ZERO
    strategy_id: str = ''
    cost: Decimal | None = None

    @property
    def is_flat(self) -> bool:
        ...

    def cost_of(self, product: Product) -> Money:
        ...

    def unrealized_pnl(self, product: Product, mark: Decimal) -> Money:
        ...

class Product(Struct, frozen=True, gc=False, kw_only=True):
    symbol: str
    kind: ProductKind
    base_currency: str
    quote_currency: str
    settlement_currency: str
    underlying: str
    price_increment: Decimal
    base_increment: Decimal
    minimum_quantity: Decimal = ZERO
    minimum_notional: Decimal = ZERO
    maximum_quantity: Decimal | None = None
    multiplier: Decimal = ONE
    maker_fee_rate: Decimal = ZERO
    taker_fee_rate: Decimal = ZERO
    initial_margin_rate: Decimal = ONE
    maintenance_margin_rate: Decimal = ZERO
    expires_at: datetime | None = None
    opens_at: datetime | None = None
    flags: TradingFlags = OPEN_FOR_TRADING

    @property
    def is_spot(self) -> bool:
        ...

    def notional(self, quantity: Decimal, at_price: Decimal) -> Money:
        ...

class Refusal(Struct, frozen=True, kw_only=True, tag_field='code', omit_defaults=True):
    message: str
    figures: dict[str, Decimal] = {}
    facts: dict[str, str] = {}
    remedy: Remedy | None = None

    @property
    def code(self) -> str:
        ...

    @property
    def context(self) -> dict[str, Decimal | str]:
        ...

class RiskManager:

    def __init__(self, limits: RiskLimits, states: TradingStates | None=None, overrides: Mapping[str, RiskLimits] | None=None) -> None:
        ...

    def limits_for(self, symbol: str) -> RiskLimits:
        ...

    def override(self, overrides: Mapping[str, RiskLimits]) -> None:
        ...

    @property
    def overrides(self) -> Mapping[str, RiskLimits]:
        ...

class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra='forbid', hide_input_in_errors=True)
    profile: Profile = 'paper'
    account_id: Identifier = PAPER_ACCOUNT
    reporting_currency: Currency = 'USD'
    risk: RiskSettings = Field(default_factory=RiskSettings)
    engine: EngineSettings = Field(default_factory=EngineSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    venue: VenueSettings = Field(default_factory=VenueSettings)
    supervisor: SupervisorSettings = Field(default_factory=SupervisorSettings)
    paper: PaperSettings = Field(default_factory=PaperSettings)
    intake: IntakeSettings = Field(default_factory=IntakeSettings)

    @classmethod
    def load(cls, config: Path | None=None, environ: Mapping[str, str] | None=None, **arguments: Any) -> 'Settings':
        ...

    def limits(self) -> RiskLimits:
        ...

    def overrides(self, products: Iterable[Product]=()) -> dict[str, RiskLimits]:
        ...

    @property
    def store_url(self) -> StoreUrl:
        ...

class TimeInForce(StrEnum):
    GTC = 'GTC'
    GTD = 'GTD'
    IOC = 'IOC'
    FOK = 'FOK'

class TradingState(StrEnum):
    ACTIVE = 'ACTIVE'
    REDUCING = 'REDUCING'
    HALTED = 'HALTED'

    @property
    def severity(self) -> int:
        ...

def open_application(settings: Settings | None=None, *, container: containers.Container | None=None, start: SessionStart=SessionStart.AUTO, speed: float | None=None, is_read_only: bool=False, on_progress: Callable[[SessionProgress], None] | None=None) -> AbstractAsyncContextManager[Application]:
    ...
