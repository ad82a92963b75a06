import InspectIO
