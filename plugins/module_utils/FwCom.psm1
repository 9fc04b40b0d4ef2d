# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The objects that only Windows has, and nothing else: a test puts others in their place.

Function New-FwPolicy { New-Object -ComObject HNetCfg.FwPolicy2 }
Function New-FwRule { New-Object -ComObject HNetCfg.FWRule }
Function New-FwProductList { New-Object -ComObject HNetCfg.FwProducts }

Export-ModuleMember -Function 'New-FwPolicy', 'New-FwRule', 'New-FwProductList'
