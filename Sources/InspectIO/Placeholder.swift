import CMaxMindDB
import CPcap
import CZlib
import Crypto
import InspectCore
import Logging
